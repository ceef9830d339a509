//! The route table: every route, what it does, and who may call it. What is not in it does not exist.

use super::{
    Action,
    CallerKind::{self, Admin, Agent, Auditor, Editor, Invitee, Owner, Recovery},
};
use stronghold_protocol::{limits, request::Method};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Anyone, without a signature.
    Public,
    /// Principals of these kinds, with a signature.
    Signed(&'static [CallerKind]),
}

/// A parameter of a route's query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may be there more than once.
    pub repeated: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path, with `{org}` and `{profile}` for segments that vary.
    pub pattern: &'static str,
    /// What it does.
    pub action: Action,
    /// Who may call it.
    pub callers: Callers,
    /// Largest body, in bytes; 0 where there is none.
    pub body_limit: usize,
    /// Parameters of the query.
    pub query: &'static [Parameter],
    /// Names of the body's and the reply's types in `stronghold_protocol::api`; empty where there is no body.
    pub bodies: (&'static str, &'static str),
    /// One line for people.
    pub summary: &'static str,
}

const EVERYONE: &[CallerKind] = &[Agent, Owner, Admin, Editor, Auditor];
const READERS: &[CallerKind] = &[Agent, Owner, Admin, Editor];
const USERS: &[CallerKind] = &[Owner, Admin, Editor, Auditor];
const WRITERS: &[CallerKind] = &[Owner, Admin, Editor];
const MANAGERS: &[CallerKind] = &[Owner, Admin];
const INVITED: &[CallerKind] = &[Invitee];
const RECOVERING: &[CallerKind] = &[Recovery];
const USERS_OR_RECOVERING: &[CallerKind] = &[Owner, Admin, Editor, Auditor, Recovery];
const OBSERVERS: &[CallerKind] = &[Owner, Admin, Auditor];

const ANCHOR: Parameter = Parameter {
    name: "anchor",
    required: true,
    repeated: false,
    meaning: "position of the header that the caller trusts",
};
const REMEMBERED: Parameter = Parameter {
    name: "remembered",
    required: false,
    repeated: false,
    meaning: "position of the newest header that the caller remembers",
};
const INDEX: Parameter =
    Parameter { name: "index", required: false, repeated: true, meaning: "blind index of a secret that is asked for" };
const FROM: Parameter =
    Parameter { name: "from", required: true, repeated: false, meaning: "position of the first statement to send" };
const FROM_RECORD: Parameter =
    Parameter { name: "from", required: true, repeated: false, meaning: "position of the first record to send" };
const OLD: Parameter = Parameter {
    name: "old",
    required: false,
    repeated: false,
    meaning: "number of records of a checkpoint that the caller remembers",
};
const POSITION: Parameter = Parameter {
    name: "position",
    required: false,
    repeated: true,
    meaning: "position of a record whose place in the log is to be proven",
};
const BEFORE_REVISION: Parameter = Parameter {
    name: "before",
    required: false,
    repeated: false,
    meaning: "only revisions below this one; from the newest on without it",
};
const FROM_REVISION: Parameter =
    Parameter { name: "from", required: true, repeated: false, meaning: "the first revision to send" };
const OF: Parameter = Parameter {
    name: "of",
    required: true,
    repeated: true,
    meaning: "a version of a secret: the secret's id, a dot, the version",
};
const SINCE: &[Parameter] = &[ANCHOR, REMEMBERED];

/// Largest body of accounts and what is like them.
const ACCOUNT_BODY_BYTES: usize = 64 * 1024;
/// Largest question for seals.
const SEALS_BODY_BYTES: usize = 2 * 1024 * 1024;

const fn public(
    method: Method,
    pattern: &'static str,
    action: Action,
    body_limit: usize,
    bodies: (&'static str, &'static str),
    summary: &'static str,
) -> Route {
    Route { method, pattern, action, callers: Callers::Public, body_limit, query: &[], bodies, summary }
}

const fn read(
    pattern: &'static str,
    action: Action,
    callers: &'static [CallerKind],
    query: &'static [Parameter],
    reply: &'static str,
    summary: &'static str,
) -> Route {
    let callers = Callers::Signed(callers);
    Route { method: Method::Get, pattern, action, callers, body_limit: 0, query, bodies: ("", reply), summary }
}

const fn post(
    pattern: &'static str,
    action: Action,
    callers: &'static [CallerKind],
    body_limit: usize,
    bodies: (&'static str, &'static str),
    summary: &'static str,
) -> Route {
    let callers = Callers::Signed(callers);
    Route { method: Method::Post, pattern, action, callers, body_limit, query: &[], bodies, summary }
}

/// The table.
const ROUTES: &[Route] = &[
    public(Method::Get, "/healthz", Action::Health, 0, ("", ""), "Whether the process runs"),
    public(Method::Get, "/readyz", Action::Ready, 0, ("", ""), "Whether the server can serve"),
    public(Method::Get, "/v1/openapi.json", Action::OpenApi, 0, ("", ""), "This description"),
    public(
        Method::Post,
        "/v1/setup",
        Action::SetupStart,
        limits::UNJUDGED_BODY_BYTES,
        ("SetupStart", "SetupStarted"),
        "Register the password of a new organization's owner",
    ),
    public(
        Method::Post,
        "/v1/orgs",
        Action::OrgCreate,
        limits::UNJUDGED_BODY_BYTES,
        ("CreateOrganization", "CreatedOrganization"),
        "Create an organization with a setup code",
    ),
    public(
        Method::Post,
        "/v1/login/start",
        Action::LoginStart,
        limits::UNJUDGED_BODY_BYTES,
        ("LoginStart", "LoginStarted"),
        "Start a log-in",
    ),
    public(
        Method::Post,
        "/v1/login/finish",
        Action::LoginFinish,
        limits::UNJUDGED_BODY_BYTES,
        ("LoginFinish", "LoginFinished"),
        "Finish a log-in",
    ),
    read("/v1/orgs/{org}/whoami", Action::WhoAmI, EVERYONE, &[], "WhoAmI", "Who the caller is, and its status"),
    read(
        "/v1/orgs/{org}/profiles",
        Action::ProfileList,
        READERS,
        SINCE,
        "ProfileList",
        "The profiles that the caller may read",
    ),
    read(
        "/v1/orgs/{org}/profiles/{profile}/read",
        Action::ProfileRead,
        READERS,
        SINCE,
        "SealedProfile",
        "Everything to verify and open a profile, in one reply",
    ),
    read(
        "/v1/orgs/{org}/profiles/{profile}/secrets",
        Action::SecretsRead,
        READERS,
        &[ANCHOR, REMEMBERED, INDEX],
        "SealedPart",
        "Some secrets of a profile, with proofs of what is there and what is not",
    ),
    post(
        "/v1/orgs/{org}/profiles/{profile}/revisions",
        Action::ProfileWrite,
        WRITERS,
        limits::REQUEST_BYTES,
        ("NewRevision", "Written"),
        "Write a profile's next revision",
    ),
    post(
        "/v1/orgs/{org}/profiles/{profile}/staging",
        Action::ProfileStage,
        WRITERS,
        limits::REQUEST_BYTES,
        ("StageSecrets", "StagedSecrets"),
        "Stage secrets in parts, for a revision of a profile that takes them all at once",
    ),
    read(
        "/v1/orgs/{org}/profiles/{profile}/revisions",
        Action::RevisionList,
        WRITERS,
        &[ANCHOR, REMEMBERED, BEFORE_REVISION],
        "RevisionPage",
        "The profile's revisions with what each changed, newest first; for whoever may read its history",
    ),
    read(
        "/v1/orgs/{org}/profiles/{profile}/versions",
        Action::VersionsRead,
        WRITERS,
        &[OF],
        "SecretVersions",
        "Versions of secrets, deleted ones too; for whoever may read the profile's history",
    ),
    read(
        "/v1/orgs/{org}/profiles/{profile}/introduced",
        Action::IntroducedRead,
        WRITERS,
        &[FROM_REVISION],
        "IntroducedSecrets",
        "What revisions from one on wrote, oldest first; for whoever may read the profile's history",
    ),
    read(
        "/v1/orgs/{org}/directory",
        Action::DirectoryRead,
        USERS,
        &[FROM],
        "DirectoryPage",
        "Directory statements from a position on",
    ),
    post(
        "/v1/orgs/{org}/statements",
        Action::DirectoryCommit,
        MANAGERS,
        limits::REQUEST_BYTES,
        ("CommitStatement", "Committed"),
        "Commit a directory statement and all that becomes live with it",
    ),
    post(
        "/v1/orgs/{org}/seals",
        Action::SealsRead,
        WRITERS,
        SEALS_BODY_BYTES,
        ("SealsQuery", "SealsReply"),
        "The sealed keys of some objects that the caller can open",
    ),
    read(
        "/v1/orgs/{org}/activity",
        Action::ActivityRead,
        OBSERVERS,
        &[],
        "ActivityEntry[]",
        "When each principal was last served",
    ),
    read(
        "/v1/orgs/{org}/audit/records",
        Action::AuditRead,
        OBSERVERS,
        &[FROM_RECORD],
        "AuditPage",
        "Audit records from a position on",
    ),
    read(
        "/v1/orgs/{org}/audit/checkpoint",
        Action::CheckpointRead,
        EVERYONE,
        &[OLD, POSITION],
        "AuditCheckpoint",
        "A checkpoint of the audit log, that it continues an earlier one, and where records stand in it",
    ),
    post(
        "/v1/orgs/{org}/invitation/registration",
        Action::UserRegister,
        INVITED,
        ACCOUNT_BODY_BYTES,
        ("JoinStart", "JoinStarted"),
        "Register the password of somebody who was invited; signed by the key of the invitation",
    ),
    post(
        "/v1/orgs/{org}/invitation",
        Action::UserAccept,
        INVITED,
        ACCOUNT_BODY_BYTES,
        ("Join", "Joined"),
        "Accept an invitation; signed by its key",
    ),
    read(
        "/v1/orgs/{org}/acceptances",
        Action::AcceptanceRead,
        MANAGERS,
        &[],
        "Acceptances",
        "The open invitations that were accepted, for whoever confirms them",
    ),
    post(
        "/v1/orgs/{org}/keys",
        Action::UserRotateKeys,
        MANAGERS,
        limits::REQUEST_BYTES,
        ("RotateKeys", "Committed"),
        "Commit the statement in which the caller changes their own keys, and their account with it",
    ),
    post(
        "/v1/orgs/{org}/key-requests",
        Action::UserRequestKeys,
        USERS,
        ACCOUNT_BODY_BYTES,
        ("RequestKeys", "KeysRequested"),
        "Ask for new keys of the caller's own, which an owner or admin puts in force, or other owners sign",
    ),
    read(
        "/v1/orgs/{org}/key-requests",
        Action::KeyRequestRead,
        MANAGERS,
        &[],
        "KeyRequests",
        "New keys that members ask for, for whoever puts them in force",
    ),
    post(
        "/v1/orgs/{org}/account/registration",
        Action::AccountRegister,
        USERS_OR_RECOVERING,
        ACCOUNT_BODY_BYTES,
        ("AccountStart", "AccountStarted"),
        "Register the caller's next password; a recovery kit may sign this too",
    ),
    post(
        "/v1/orgs/{org}/account",
        Action::AccountReplace,
        USERS_OR_RECOVERING,
        ACCOUNT_BODY_BYTES,
        ("ReplaceAccount", "AccountReplaced"),
        "Replace the caller's password and what it opens; a recovery kit may sign this too",
    ),
    read(
        "/v1/orgs/{org}/recovery",
        Action::RecoveryRead,
        RECOVERING,
        &[],
        "RecoverySeed",
        "The person's seed, sealed to the recovery kit that signs this",
    ),
];

impl Route {
    /// Whether principals of this kind may call it.
    #[must_use]
    pub fn allows(&self, kind: CallerKind) -> bool {
        match self.callers {
            Callers::Public => true,
            Callers::Signed(kinds) => kinds.contains(&kind),
        }
    }

    /// Whether it needs a signature.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self.callers, Callers::Signed(_))
    }

    /// The segments that vary, if `path` is this route's.
    fn matches<'p>(&self, path: &'p str) -> Option<Segments<'p>> {
        let mut segments = Segments::default();
        let mut given = path.split('/');
        for expected in self.pattern.split('/') {
            let segment = given.next()?;
            match expected {
                "{org}" => segments.org = Some(segment),
                "{profile}" => segments.profile = Some(segment),
                _ if expected == segment => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(segments)
    }
}

/// The segments of a path that vary, as they stand in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Segments<'p> {
    org: Option<&'p str>,
    profile: Option<&'p str>,
}

/// What a method and path lead to.
#[derive(Clone, Copy, Debug)]
pub enum Found<'p> {
    /// A route, with the segments that vary.
    Route {
        /// The route.
        route: &'static Route,
        /// What stands for `{org}`.
        org: Option<&'p str>,
        /// What stands for `{profile}`.
        profile: Option<&'p str>,
    },
    /// The path is a route's, with this method instead.
    OtherMethod(Method),
    /// Nothing.
    Nothing,
}

/// Every route.
#[must_use]
pub const fn routes() -> &'static [Route] {
    ROUTES
}

/// Finds the route of a request. `method` is as it was sent; `path` is without the query.
#[must_use]
pub fn find_route<'p>(method: &str, path: &'p str) -> Found<'p> {
    let mut other = None;
    for route in ROUTES {
        if let Some(Segments { org, profile }) = route.matches(path) {
            if route.method.as_str() == method {
                return Found::Route { route, org, profile };
            }
            other = Some(route.method);
        }
    }
    other.map_or(Found::Nothing, Found::OtherMethod)
}
