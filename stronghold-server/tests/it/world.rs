//! An organization in the making: people and agents that sign, statements, seals that nobody opens.

use opaque_ke::{CipherSuite, ClientRegistration, ClientRegistrationFinishParameters, ksf};
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};
use stronghold_protocol::{
    api::{self, AccountBundle, CommitStatement, CreateOrganization, NewRevision, SetupStart, SetupStarted},
    crypto::{
        hash::{Hash, sha256},
        kem::{KemPublicKey, PublicKeys},
        password::{Account, OpaqueSuite, with_randomness},
        sign::SigningKey,
    },
    directory::{Change, Conditions, Directory, Role, Statement, Vouched, genesis_changes},
    encoding::Base64Bytes,
    evidence::ProfileSelector,
    id::{AgentId, GroupId, OrgId, PrincipalId, ProfileId, SecretId, UserId},
    manifest::{KeyCommitment, Manifest},
    merkle,
    name::{Email, Name},
    number::{Epoch, Revision, RosterVersion, Version},
    problem::Problem,
    request::{Authority, Endpoint, Method, RequestNonce, RequestParts, SignatureParams, SignedRequest},
    roster::{Roster, RosterMember, RosterNonce},
    seal::{KeyHistory, Seal},
    secret::{BlindIndex, SealedSecret, SecretLeaf},
    signed::Signed,
    time::{Clock, ManualClock, Timestamp},
};
use stronghold_server::{
    access::RateLimit,
    service::{Incoming, Limits, Outgoing, Service, ServiceKeys, Settings, SetupCode},
    store::{Store, sqlite::SqliteStore},
};
use stronghold_testkit::Exchange;
use tempfile::TempDir;

/// OPAQUE of the protocol without its costly key stretching, which runs on clients only: servers cannot tell.
pub(crate) struct CheapSuite;

impl CipherSuite for CheapSuite {
    type OprfCs = <OpaqueSuite as CipherSuite>::OprfCs;
    type KeyExchange = <OpaqueSuite as CipherSuite>::KeyExchange;
    type Ksf = ksf::Identity;
}

pub(crate) const PASSWORD: &[u8] = b"correct horse battery staple";
pub(crate) const URL: &str = "https://stronghold.test";
pub(crate) const ENVELOPE: &[u8] = b"an envelope that only its owner opens";
/// 2026-11-23, at no particular time.
pub(crate) const START_MILLIS: i64 = 1_795_400_000_000;

/// Somebody who signs.
pub(crate) struct Actor {
    pub(crate) id: PrincipalId,
    pub(crate) sign: SigningKey,
    pub(crate) keys: PublicKeys,
}

impl Actor {
    pub(crate) fn agent(label: &str) -> Self {
        Self::new(PrincipalId::Agent(AgentId::from_bytes(short(label))), label)
    }

    pub(crate) fn user(label: &str) -> Self {
        Self::new(PrincipalId::User(UserId::from_bytes(short(label))), label)
    }

    fn new(id: PrincipalId, label: &str) -> Self {
        let sign = SigningKey::from_seed(&sha256(&[b"sign", label.as_bytes()]).0);
        let keys = PublicKeys { sign: sign.public_key(), kem: kem(label) };
        Self { id, sign, keys }
    }

    /// The holder of a user's recovery kit.
    pub(crate) fn recovery_kit(label: &str) -> Self {
        let sign = SigningKey::from_seed(&sha256(&[b"recovery", label.as_bytes()]).0);
        Self { id: Self::user(label).id, sign, keys: recovery(label) }
    }

    /// The same principal with other keys.
    pub(crate) fn rekeyed(&self, label: &str) -> Self {
        Self::new(self.id, label)
    }

    pub(crate) fn user_id(&self) -> UserId {
        let PrincipalId::User(id) = self.id else { panic!("not a user") };
        id
    }

    pub(crate) fn agent_id(&self) -> AgentId {
        let PrincipalId::Agent(id) = self.id else { panic!("not an agent") };
        id
    }
}

/// 16 bytes from a label, ordered by nothing.
pub(crate) fn short(label: &str) -> [u8; 16] {
    sha256(&[b"id", label.as_bytes()]).0[..16].try_into().unwrap()
}

pub(crate) fn kem(label: &str) -> KemPublicKey {
    let bytes: Vec<u8> = (0..38_u8).flat_map(|part| sha256(&[b"kem", &[part], label.as_bytes()]).0).collect();
    KemPublicKey::from_bytes(&bytes).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A secret as a client would encrypt it, as far as a server can tell.
pub(crate) fn secret(label: &str, version: u64, salt: &str) -> SealedSecret {
    SealedSecret {
        index: BlindIndex(sha256(&[b"index", label.as_bytes()]).0),
        id: SecretId::from_bytes(short(label)),
        version: Version::new(version).unwrap(),
        meta: Base64Bytes(sha256(&[b"meta", label.as_bytes(), salt.as_bytes()]).0.to_vec()),
        value: Base64Bytes(sha256(&[b"value", label.as_bytes(), salt.as_bytes()]).0.to_vec()),
    }
}

/// What the tests know of a profile.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) manifest: Manifest,
    pub(crate) hash: Hash,
    pub(crate) secrets: BTreeMap<BlindIndex, SealedSecret>,
}

/// A server with an organization, and the owner's view of it.
pub(crate) struct World<S> {
    pub(crate) service: Service<S>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) owner: Actor,
    pub(crate) org: OrgId,
    pub(crate) directory: Directory,
    pub(crate) genesis: Statement,
    pub(crate) known: BTreeMap<ProfileId, Known>,
    pub(crate) data: Arc<TempDir>,
    /// Another URL than the usual one that requests are signed for.
    pub(crate) signed_for: Option<String>,
}

pub(crate) fn settings() -> Settings {
    let wide = RateLimit { burst: 10_000, per_minute: 10_000 };
    let limits = Limits { refused: wide, login: wide, account: wide, ..Limits::default() };
    Settings { endpoints: vec![Endpoint::from_url(&URL.parse().unwrap()).unwrap()], limits }
}

pub(crate) fn keys() -> ServiceKeys {
    ServiceKeys::from_checkpoint_seed(&[7; 32])
}

impl World<SqliteStore> {
    pub(crate) async fn new() -> Self {
        Self::with_settings(settings()).await
    }

    pub(crate) async fn with_settings(settings: Settings) -> Self {
        let data = Arc::new(TempDir::new().unwrap());
        let store = SqliteStore::open(&data.path().join("test.db")).unwrap();
        Self::on(store, settings, data).await
    }
}

impl<S: Store> World<S> {
    /// Starts a service on a store and creates an organization through its public routes.
    pub(crate) async fn on(store: S, settings: Settings, data: Arc<TempDir>) -> Self {
        Self::owned("owner", store, settings, data).await
    }

    /// The same; another owner makes another organization.
    pub(crate) async fn owned(owner: &str, store: S, settings: Settings, data: Arc<TempDir>) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(START_MILLIS).unwrap()));
        let service = Service::start(store, settings, keys(), clock.clone()).await.unwrap();
        let owner = Actor::user(owner);
        let roster = genesis_roster(&owner);
        let org = OrgId(roster.hash_as::<Roster>().0);
        let code = SetupCode::generate().unwrap();
        service.allow_setup(&code).await.unwrap();
        let (registration, checkpoint_key) = register(&service, code.expose(), org, owner.user_id()).await;
        let changes = genesis_changes(
            roster.clone(),
            name("Acme"),
            checkpoint_key,
            kem("admins 1"),
            (owner.user_id(), Email::new("owner@acme.example").unwrap(), owner.keys.clone(), recovery("owner")),
        );
        let draft = Directory::draft_genesis(&roster, changes.clone(), clock.now()).unwrap();
        let (statement, directory) = draft.sign(&[&owner.sign]).unwrap();
        let seals = seals_for(&directory, None, &changes, clock.now());
        let create = CreateOrganization {
            setup_code: code.expose().to_owned(),
            statement: statement.clone(),
            seals,
            account: AccountBundle {
                user: owner.user_id(),
                registration,
                envelope: Base64Bytes(ENVELOPE.to_vec()),
                recovery: Base64Bytes(b"recovery".to_vec()),
            },
        };
        let created = unsigned(&service, "POST", api::ORGS, &create).await;
        assert_eq!(created.status, 200, "{}", String::from_utf8_lossy(&created.body));
        Self {
            service,
            clock,
            owner,
            org,
            directory,
            genesis: statement,
            known: BTreeMap::new(),
            data,
            signed_for: None,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn path(&self, route: &str) -> String {
        api::org_path(&self.org, route)
    }

    pub(crate) fn profile_path(&self, profile: &str, route: &str) -> String {
        api::profile_path(&self.org, &ProfileSelector::Name(name(profile)), route)
    }

    pub(crate) fn params(&self, who: &Actor) -> SignatureParams {
        SignatureParams {
            created: self.now().as_seconds(),
            nonce: RequestNonce::generate().unwrap(),
            key_id: who.keys.sign.key_id(),
        }
    }

    /// Signs a request for the server's URL.
    pub(crate) fn sign(&self, who: &Actor, method: Method, path: &str, query: &str, body: &[u8]) -> SignedRequest {
        let parts = RequestParts::new(method, path, query).unwrap().with_body(body);
        let url = self.signed_for.as_deref().unwrap_or(URL);
        let authority = Authority::from_url(&url.parse().unwrap()).unwrap();
        SignedRequest::sign(authority, parts, self.params(who), |base| who.sign.sign(base))
    }

    /// Sends a signed request as a network would deliver it.
    pub(crate) async fn send(&self, request: &SignedRequest, body: Vec<u8>) -> Outgoing {
        handled(&self.service, incoming(request, body, Some("192.0.2.7".parse().unwrap()))).await
    }

    pub(crate) async fn get(&self, who: &Actor, path: &str, query: &str) -> Outgoing {
        self.send(&self.sign(who, Method::Get, path, query, b""), Vec::new()).await
    }

    pub(crate) async fn post(&self, who: &Actor, path: &str, body: &impl serde::Serialize) -> Outgoing {
        let body = serde_json::to_vec(body).unwrap();
        self.send(&self.sign(who, Method::Post, path, "", &body), body).await
    }

    pub(crate) async fn read(&self, who: &Actor, profile: &str) -> Outgoing {
        self.get(who, &self.profile_path(profile, "read"), "anchor=0").await
    }

    /// Works out a statement of the owner, with everything that must come along.
    pub(crate) fn statement(&self, changes: Vec<Change>, revisions: Vec<NewRevision>) -> (CommitStatement, Directory) {
        let draft = self.directory.draft(changes.clone(), true, self.now()).unwrap();
        let (statement, after) = draft.sign(&[&self.owner.sign]).unwrap();
        let seals = seals_for(&after, Some(&self.directory), &changes, self.now());
        let histories = changes.iter().filter_map(|change| match change {
            Change::ProfileEpoch { id, epoch, .. } => {
                Some(KeyHistory { profile: *id, epoch: *epoch, sealed: Base64Bytes(vec![1; 100]) })
            }
            _ => None,
        });
        (CommitStatement { statement, seals, histories: histories.collect(), revisions }, after)
    }

    /// Commits a statement of the owner; it must be accepted.
    pub(crate) async fn commit(&mut self, changes: Vec<Change>, revisions: Vec<NewRevision>) {
        let (commit, after) = self.statement(changes, revisions);
        let answer = self.post(&self.owner, &self.path("statements"), &commit).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        self.directory = after;
    }

    /// The next manifest of a profile, with the revision that carries it.
    pub(crate) fn revision(
        &self,
        author: &Actor,
        profile: ProfileId,
        puts: Vec<SealedSecret>,
        removes: Vec<SecretId>,
        adjust: impl FnOnce(&mut Manifest),
    ) -> (NewRevision, Known) {
        let before = &self.known[&profile];
        let mut secrets = before.secrets.clone();
        secrets.retain(|_, held| !removes.contains(&held.id) && puts.iter().all(|put| put.id != held.id));
        secrets.extend(puts.iter().map(|put| (put.index, put.clone())));
        let leaves: Vec<SecretLeaf> = secrets.values().map(SealedSecret::leaf).collect();
        let hashes: Vec<Hash> = leaves.iter().map(SecretLeaf::leaf_hash).collect();
        let mut manifest = Manifest {
            revision: before.manifest.revision.next(),
            prev: Some(before.hash),
            count: leaves.len() as u64,
            root: merkle::root_of(&hashes),
            header: self.directory.head(),
            time: self.now(),
            ..before.manifest.clone()
        };
        adjust(&mut manifest);
        let signed = Signed::create(&manifest, &[&author.sign]).unwrap();
        let hash = signed.hash_as::<Manifest>();
        (NewRevision { profile, manifest: signed, puts, removes, staged: None }, Known { manifest, hash, secrets })
    }

    /// Writes a profile's next revision; it must be accepted.
    pub(crate) async fn write(
        &mut self,
        author: &Actor,
        profile: &str,
        puts: Vec<SealedSecret>,
        removes: Vec<SecretId>,
    ) {
        let id = self.profile_id(profile);
        let (new, known) = self.revision(author, id, puts, removes, |_| {});
        let answer = self.post(author, &self.profile_path(profile, "revisions"), &new).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        self.known.insert(id, known);
    }

    pub(crate) fn profile_id(&self, profile: &str) -> ProfileId {
        self.directory.profile_named(&name(profile)).unwrap().id
    }

    pub(crate) fn group_id(&self, group: &str) -> GroupId {
        self.directory.group_named(&name(group)).unwrap().id
    }

    /// Changes and revision that create a profile.
    pub(crate) fn creation(&self, profile: &str) -> (Change, NewRevision, Known) {
        let id = ProfileId::from_bytes(short(profile));
        let commitment = KeyCommitment(sha256(&[b"commitment", profile.as_bytes()]).0);
        let manifest = Manifest {
            org: self.org,
            profile: id,
            name: name(profile),
            revision: Revision::FIRST,
            prev: None,
            epoch: Epoch::FIRST,
            commitment,
            count: 0,
            root: merkle::empty_root(),
            header: self.directory.head(),
            time: self.now(),
        };
        let signed = Signed::create(&manifest, &[&self.owner.sign]).unwrap();
        let hash = signed.hash_as::<Manifest>();
        let vouched = Vouched { revision: Revision::FIRST, manifest: hash };
        let change = Change::ProfileCreated { id, name: name(profile), commitment, vouched };
        let new = NewRevision { profile: id, manifest: signed, puts: Vec::new(), removes: Vec::new(), staged: None };
        (change, new, Known { manifest, hash, secrets: BTreeMap::new() })
    }

    pub(crate) async fn create_profile(&mut self, profile: &str) -> ProfileId {
        let (change, new, known) = self.creation(profile);
        let id = new.profile;
        self.commit(vec![change], vec![new]).await;
        self.known.insert(id, known);
        id
    }

    pub(crate) async fn create_group(&mut self, group: &str, profiles: &[&str], write: bool) -> GroupId {
        let id = GroupId::from_bytes(short(&format!("group {group}")));
        let mut changes = vec![Change::GroupCreated { id, name: name(group), key: kem(group) }];
        changes.extend(profiles.iter().map(|profile| Change::ProfileGranted {
            profile: self.profile_id(profile),
            group: id,
            write,
            history: false,
        }));
        self.commit(changes, Vec::new()).await;
        id
    }

    /// Grants a group, which may write a profile, its history too.
    pub(crate) async fn grant_history(&mut self, group: GroupId, profile: &str) {
        let profile = self.profile_id(profile);
        self.commit(vec![Change::ProfileGranted { profile, group, write: true, history: true }], Vec::new()).await;
    }

    pub(crate) async fn create_agent(&mut self, label: &str, groups: &[GroupId], conditions: Conditions) -> Actor {
        let agent = Actor::agent(label);
        let mut changes = vec![Change::AgentCreated {
            id: agent.agent_id(),
            name: name(label),
            keys: agent.keys.clone(),
            conditions,
        }];
        changes.extend(groups.iter().map(|group| Change::MemberAdded { group: *group, member: agent.id }));
        self.commit(changes, Vec::new()).await;
        agent
    }

    /// Invites and confirms an editor or auditor.
    pub(crate) async fn create_user(&mut self, label: &str, role: Role, groups: &[GroupId]) -> Actor {
        let user = Actor::user(label);
        let email = Email::new(&format!("{label}@acme.example")).unwrap();
        let invite = stronghold_protocol::id::InviteId::from_bytes(short(&format!("invite {label}")));
        let invited = Change::UserInvited {
            id: invite,
            email: email.clone(),
            role,
            groups: groups.to_vec(),
            key: Actor::user(&format!("invite {label}")).keys.sign,
            expires_at: self.now().plus_millis(86_400_000),
        };
        let confirmed = Change::UserConfirmed {
            id: user.user_id(),
            invite: Some(invite),
            email,
            role,
            keys: user.keys.clone(),
            recovery: recovery(label),
        };
        let joined = groups.iter().map(|group| Change::MemberAdded { group: *group, member: user.id });
        let changes = [invited, confirmed].into_iter().chain(joined).collect();
        self.commit(changes, Vec::new()).await;
        user
    }

    /// Invites somebody, and gives who signs with the code.
    pub(crate) async fn invite(&mut self, label: &str, role: Role, groups: &[GroupId]) -> Actor {
        let holder = Actor::user(&format!("invite {label}"));
        let invited = Change::UserInvited {
            id: stronghold_protocol::id::InviteId::from_bytes(short(&format!("invite {label}"))),
            email: Email::new(&format!("{label}@acme.example")).unwrap(),
            role,
            groups: groups.to_vec(),
            key: holder.keys.sign,
            expires_at: self.now().plus_millis(86_400_000),
        };
        self.commit(vec![invited], Vec::new()).await;
        holder
    }

    /// Makes another user an admin's equal: a new roster with the user in it.
    pub(crate) async fn create_admin(&mut self, label: &str) -> Actor {
        let user = Actor::user(label);
        let before = self.directory.roster();
        let mut roster: Roster = before.value().clone();
        roster.version = roster.version.next();
        roster.prev = Some(before.hash());
        roster.nonce = None;
        roster.admins.push(RosterMember { user: user.user_id(), keys: user.keys.clone() });
        let roster = Signed::create(&roster, &[&self.owner.sign]).unwrap();
        let email = Email::new(&format!("{label}@acme.example")).unwrap();
        let invite = stronghold_protocol::id::InviteId::from_bytes(short(&format!("invite {label}")));
        let invited = Change::UserInvited {
            id: invite,
            email: email.clone(),
            role: Role::Admin,
            groups: Vec::new(),
            key: Actor::user(&format!("invite {label}")).keys.sign,
            expires_at: self.now().plus_millis(86_400_000),
        };
        let confirmed = Change::UserConfirmed {
            id: user.user_id(),
            invite: Some(invite),
            email,
            role: Role::Admin,
            keys: user.keys.clone(),
            recovery: recovery(label),
        };
        self.commit(vec![invited, Change::RosterChanged { roster }, confirmed], Vec::new()).await;
        user
    }

    /// Every audit record of the organization, parsed.
    pub(crate) async fn records(&self) -> Vec<stronghold_protocol::audit::AuditRecord> {
        let org = self.org;
        let records = self.service.store().snapshot(move |tx| tx.records(&org, 0, 100_000)).await.unwrap();
        records.iter().map(|bytes| stronghold_protocol::audit::AuditRecord::parse(bytes).unwrap()).collect()
    }
}

pub(crate) fn recovery(label: &str) -> PublicKeys {
    let sign = SigningKey::from_seed(&sha256(&[b"recovery", label.as_bytes()]).0);
    PublicKeys { sign: sign.public_key(), kem: kem(&format!("recovery {label}")) }
}

pub(crate) fn genesis_roster(owner: &Actor) -> Signed {
    let roster = Roster {
        version: RosterVersion::FIRST,
        prev: None,
        nonce: Some(RosterNonce([9; 32])),
        owners: vec![RosterMember { user: owner.user_id(), keys: owner.keys.clone() }],
        admins: Vec::new(),
        owner_threshold: 1,
        minimum_suite: 1,
    };
    Signed::create(&roster, &[&owner.sign]).unwrap()
}

pub(crate) fn seals_for(
    after: &Directory,
    before: Option<&Directory>,
    changes: &[Change],
    now: Timestamp,
) -> Vec<Seal> {
    let wanted = after.wanted_seals(before, changes, now);
    wanted.into_iter().map(|wanted| Seal { id: wanted.id, sealed: Base64Bytes(vec![2; 1168]) }).collect()
}

/// Registers a password like the client of a first owner; the upload logs in whoever it is stored for.
pub(crate) async fn register<S: Store>(
    service: &Service<S>,
    code: &str,
    org: OrgId,
    user: UserId,
) -> (Base64Bytes, stronghold_protocol::crypto::sign::SigningPublicKey) {
    let started = with_randomness(|rng| Ok(ClientRegistration::<CheapSuite>::start(rng, PASSWORD).unwrap())).unwrap();
    let registration = Base64Bytes(started.message.serialize().to_vec());
    let start = SetupStart { setup_code: code.to_owned(), org, user, registration };
    let answer = unsigned(service, "POST", api::SETUP, &start).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let reply: SetupStarted = serde_json::from_slice(&answer.body).unwrap();
    let response = opaque_ke::RegistrationResponse::deserialize(&reply.registration.0).unwrap();
    let account = Account::new(&org, &user);
    let finished = with_randomness(|rng| {
        let parameters = ClientRegistrationFinishParameters::new(account.identifiers(), None);
        Ok(started.state.finish(rng, PASSWORD, response, parameters).unwrap())
    });
    (Base64Bytes(finished.unwrap().message.serialize().to_vec()), reply.checkpoint_key)
}

pub(crate) async fn unsigned<S: Store>(
    service: &Service<S>,
    method: &str,
    path: &str,
    body: &impl serde::Serialize,
) -> Outgoing {
    let body = if method == "GET" { Vec::new() } else { serde_json::to_vec(body).unwrap() };
    let address: IpAddr = "192.0.2.7".parse().unwrap();
    let incoming = Incoming {
        method: method.to_owned(),
        target: path.to_owned(),
        headers: Vec::new(),
        body: body.into(),
        address: Some(address),
    };
    handled(service, incoming).await
}

/// Has a request answered, and holds both against the description of the API.
pub(crate) async fn handled<S: Store>(service: &Service<S>, incoming: Incoming) -> Outgoing {
    let answer = service.handle(incoming.clone()).await;
    let content_type = answer.headers.iter().find(|(name, _)| *name == "content-type");
    Exchange {
        method: &incoming.method,
        target: &incoming.target,
        request: &incoming.body,
        status: answer.status,
        content_type: content_type.map(|(_, value)| value.as_str()),
        reply: &answer.body,
    }
    .check();
    answer
}

/// A signed request as a network would deliver it.
pub(crate) fn incoming(request: &SignedRequest, body: Vec<u8>, address: Option<IpAddr>) -> Incoming {
    let headers = request.headers().into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    Incoming {
        method: request.parts().method().as_str().to_owned(),
        target: request.parts().target(),
        headers: headers.collect(),
        body: body.into(),
        address,
    }
}

pub(crate) fn problem(answer: &Outgoing) -> Problem {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&answer.body)))
}

pub(crate) fn code(answer: &Outgoing) -> String {
    if answer.status < 400 { "ok".to_owned() } else { problem(answer).code.to_string() }
}

pub(crate) fn reply<T: serde::de::DeserializeOwned>(answer: &Outgoing) -> T {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}
