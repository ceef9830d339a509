//! Bodies of requests and replies, and the evidence in replies.

use crate::{
    objects::the_world,
    world::{self, json},
};
use stronghold_protocol::{
    api::{KeyPath, SealedProfile},
    crypto::sign::SigningKey,
    encoding::Base64Bytes,
    evidence::{Anchor, ChainEvidence, ProfileEvidence, ProfileSelector},
    id::GroupId,
    manifest::Manifest,
    number::Epoch,
    receipt::Receipt,
};

fn reply() -> SealedProfile {
    let world = the_world();
    let head = world.directory.head();
    let log = world.directory.header_log();
    let before_head = log.len() - 1;
    let proof = log.inclusion_at(0, before_head).expect("the genesis is in the log");
    SealedProfile {
        chain: ChainEvidence {
            anchor: world.genesis.header.clone(),
            rosters: vec![world.roster.clone()],
            head: world.second.header.clone(),
            anchor_proof: Some(proof.clone()),
            remembered_proof: None,
        },
        profile: ProfileEvidence {
            leaf: world.directory.leaf_entry(&world::PRODUCTION).expect("the profile is there"),
            manifest: world.manifest.clone(),
            header_proof: Some(proof),
        },
        keys: KeyPath {
            group: GroupId::ADMINS,
            group_epoch: Epoch::FIRST,
            group_seed: Base64Bytes(vec![1; 40]),
            profile_key: Base64Bytes(vec![2; 40]),
        },
        secrets: Vec::new(),
        receipt: Receipt::sign(&world.org(), 0, Base64Bytes(json(&head)), &SigningKey::from_seed(&[1; 32])),
    }
}

/// The evidence in a reply: whatever a server sends, what is believed is what was signed.
pub mod evidence {
    use super::*;

    /// The genuine reply.
    pub fn samples() -> Vec<Vec<u8>> {
        vec![json(&reply())]
    }

    /// Whether a reply is believed.
    pub fn check(data: &[u8]) -> bool {
        let Ok(reply) = serde_json::from_slice::<SealedProfile>(data) else { return false };
        let world = the_world();
        let genesis = world.genesis_header();
        let anchor = Anchor {
            org: world.org(),
            seq: genesis.seq,
            hash: genesis.hash.0[..16].to_vec(),
            remembered: None,
            roster: None,
        };
        let Ok(trusted) = reply.chain.verify(&anchor) else { return false };
        let head = trusted.head();
        assert!(head == world.directory.head() || head == genesis, "a forged header is believed");
        let asked = ProfileSelector::Id(world::PRODUCTION);
        let Ok(profile) = reply.profile.verify(&trusted, &asked, &[], None) else { return false };
        let genuine = world.manifest.hash_as::<Manifest>();
        assert_eq!(profile.manifest().hash(), genuine, "a forged manifest is believed");
        if profile.check_secrets(&reply.secrets).is_ok() {
            assert!(reply.secrets.is_empty(), "forged secrets are believed");
            return true;
        }
        false
    }
}

/// Every document that a client or a server reads: what is accepted is written and read as the same.
pub mod api {
    use super::{Base64Bytes, json, reply, the_world};
    use serde::{Serialize, de::DeserializeOwned};
    use stronghold_protocol::{
        api::*,
        archive::{ArchiveHeader, ArchivedRecord},
        audit::RecordSchema,
        problem::Problem,
    };

    /// A reply, a statement with what comes with it, questions.
    pub fn samples() -> Vec<Vec<u8>> {
        let world = the_world();
        let commit = CommitStatement {
            statement: world.second.clone(),
            seals: Vec::new(),
            histories: Vec::new(),
            revisions: vec![NewRevision {
                profile: crate::world::PRODUCTION,
                manifest: world.manifest.clone(),
                puts: Vec::new(),
                removes: Vec::new(),
                staged: None,
            }],
        };
        let page = DirectoryPage {
            statements: vec![world.genesis.clone(), world.second.clone()],
            head: world.directory.head(),
        };
        let seals = SealsQuery { objects: Vec::new(), histories: true };
        let audit = AuditPage { records: vec![Base64Bytes(json(&seals))], size: 1, archived: 0 };
        let proof = world.directory.header_log().consistency(1, 2);
        let checkpoint =
            AuditCheckpoint { checkpoint: "a note\n".to_owned(), consistency: proof, inclusions: Vec::new() };
        let bytes = || Base64Bytes(vec![1]);
        let request = RequestKeys { request: world.manifest.clone(), envelope: bytes(), recovery: bytes() };
        let asked = KeyRequests {
            requests: vec![RequestedKeys { user: crate::world::OWNER, request: world.manifest.clone() }],
            receipt: reply().receipt,
        };
        let accepted = Acceptances {
            acceptances: vec![AcceptedInvite { invite: world.invite, acceptance: world.manifest.clone() }],
            receipt: reply().receipt,
        };
        let header = ArchiveHeader { schema: RecordSchema, org: world.org(), from: 0, to: 1 };
        let line = ArchivedRecord { position: 0, record: Base64Bytes(json(&seals)) };
        let archive = [json(&header), json(&line)];
        let pages = [json(&reply()), json(&commit), json(&page), json(&seals), json(&audit), json(&checkpoint)];
        let people = [json(&request), json(&asked), json(&accepted)];
        pages.into_iter().chain(archive).chain(people).collect()
    }

    /// Whether a document is any of them.
    pub fn check(data: &[u8]) -> bool {
        let read = [
            again::<SealedProfile>(data),
            again::<SealedPart>(data),
            again::<ProfileList>(data),
            again::<DirectoryPage>(data),
            again::<SealsQuery>(data),
            again::<SealsReply>(data),
            again::<Vec<ActivityEntry>>(data),
            again::<CommitStatement>(data),
            again::<NewRevision>(data),
            again::<Committed>(data),
            again::<Written>(data),
            again::<SetupStart>(data),
            again::<SetupStarted>(data),
            again::<CreateOrganization>(data),
            again::<CreatedOrganization>(data),
            again::<LoginStart>(data),
            again::<LoginStarted>(data),
            again::<LoginFinish>(data),
            again::<LoginFinished>(data),
            again::<WhoAmI>(data),
            again::<AccountBundle>(data),
            again::<AuditPage>(data),
            again::<ArchiveHeader>(data),
            again::<ArchivedRecord>(data),
            again::<AuditCheckpoint>(data),
            again::<RevisionPage>(data),
            again::<SecretVersions>(data),
            again::<IntroducedSecrets>(data),
            again::<StageSecrets>(data),
            again::<StagedSecrets>(data),
            again::<JoinStart>(data),
            again::<JoinStarted>(data),
            again::<Join>(data),
            again::<Joined>(data),
            again::<Acceptances>(data),
            again::<RotateKeys>(data),
            again::<RequestKeys>(data),
            again::<KeysRequested>(data),
            again::<KeyRequests>(data),
            again::<AccountStart>(data),
            again::<AccountStarted>(data),
            again::<ReplaceAccount>(data),
            again::<AccountReplaced>(data),
            again::<RecoverySeed>(data),
            again::<Problem>(data),
        ];
        read.contains(&true)
    }

    fn again<T: Serialize + DeserializeOwned>(data: &[u8]) -> bool {
        let Ok(value) = serde_json::from_slice::<T>(data) else { return false };
        let written = json(&value);
        let read: T = serde_json::from_slice(&written).expect("what was read is written so that it can be read");
        assert_eq!(json(&read), written);
        true
    }
}
