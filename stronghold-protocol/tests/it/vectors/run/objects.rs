//! Signed objects, rosters, and what people say of their own keys.

use super::{Came, told, why};
use crate::vectors::protocol::{
    acceptance::Acceptance,
    crypto::{
        hash::Hash,
        kem::PublicKeys,
        sign::{KeyId, SigningPublicKey},
    },
    directory::{Header, Invite, Role, User},
    encoding::Base64Bytes,
    id::{GroupId, InviteId, OrgId, UserId},
    key_request::KeyRequest,
    manifest::Manifest,
    name::Email,
    number::RosterVersion,
    roster::Roster,
    signed::{Payload, Signed, Verified},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    r#type: String,
    object: Signed,
    trust: Trust,
}

/// What an object is believed by.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Trust {
    /// Signatures of at least as many of these keys.
    Signatures { keys: Vec<SigningPublicKey>, threshold: usize },
    /// Its hash, or the start of it.
    Hash(Base64Bytes),
}

#[derive(Serialize)]
struct Believed {
    hash: Hash,
    signers: Vec<KeyId>,
}

/// Believes an object as its type.
pub(super) fn signed(case: &Object) -> Came {
    match case.r#type.as_str() {
        Roster::TYPE => believe::<Roster>(case),
        Header::TYPE => believe::<Header>(case),
        Manifest::TYPE => believe::<Manifest>(case),
        Acceptance::TYPE => believe::<Acceptance>(case),
        KeyRequest::TYPE => believe::<KeyRequest>(case),
        other => Err(format!("no object is a {other}")),
    }
}

fn believe<T: Payload>(case: &Object) -> Came {
    let verified: Verified<T> = match &case.trust {
        Trust::Signatures { keys, threshold } => case.object.verify(keys, *threshold).map_err(why)?,
        Trust::Hash(trusted) => case.object.pinned(&trusted.0).map_err(why)?,
    };
    let signers = verified.signers().iter().map(SigningPublicKey::key_id).collect();
    told(Believed { hash: verified.hash(), signers })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rosters {
    org: OrgId,
    rosters: Vec<Signed>,
}

#[derive(Serialize)]
struct Version {
    version: RosterVersion,
    hash: Hash,
}

/// Believes an organization's rosters from the genesis on.
pub(super) fn rosters(case: &Rosters) -> Came {
    let (genesis, later) = case.rosters.split_first().ok_or_else(|| why("there is no roster"))?;
    let mut roster = Roster::verify_genesis(genesis, &case.org).map_err(why)?;
    let version = |roster: &Verified<Roster>| Version { version: roster.value().version, hash: roster.hash() };
    let mut versions = vec![version(&roster)];
    for envelope in later {
        roster = Roster::verify_next(&roster, envelope).map_err(why)?;
        versions.push(version(&roster));
    }
    told(versions)
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Person {
    /// An acceptance, beside what the directory says of the invitation.
    Acceptance { org: OrgId, invite: InviteId, email: Email, key: SigningPublicKey, acceptance: Signed },
    /// A request for new keys, beside what the directory says of the person.
    KeyRequest { org: OrgId, user: UserId, keys: PublicKeys, request: Signed },
}

/// Believes what somebody says of their own keys.
pub(super) fn person(case: Person) -> Came {
    match case {
        Person::Acceptance { org, invite, email, key, acceptance } => {
            let expires_at = Timestamp::from_millis(0).map_err(why)?;
            let known = Invite { email, role: Role::Editor, groups: Vec::<GroupId>::new(), key, expires_at };
            let verified = Acceptance::verify(&acceptance, &org, &invite, &known).map_err(why)?;
            told(verified.hash())
        }
        Person::KeyRequest { org, user, keys, request } => {
            let email = Email::new("user@example.com").map_err(why)?;
            let recovery = keys.clone();
            let (role, removed, groups) = (Role::Editor, false, Default::default());
            let known = User { id: user, joined_as: email.clone(), email, role, keys, recovery, removed, groups };
            told(KeyRequest::verify(&request, &org, &known).map_err(why)?.hash())
        }
    }
}
