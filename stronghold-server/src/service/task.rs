//! What a signed request asks for, parsed from its query and body before anything is locked.

use crate::access::{Action, Route};
use serde::de::DeserializeOwned;
use stronghold_protocol::{
    api::{
        AccountStart, CommitStatement, Join, JoinStart, NewRevision, ReplaceAccount, RequestKeys, RotateKeys,
        SealsQuery, StageSecrets, VersionRef,
    },
    json, limits,
    number::{Revision, Seq, parse_decimal},
    problem::{Problem, ProblemCode},
    request::parse_query,
    secret::BlindIndex,
};

/// What is asked for.
#[derive(Debug)]
pub(super) enum Task {
    WhoAmI,
    ListProfiles(Since),
    ReadProfile(Since),
    ReadSecrets(Since, Vec<BlindIndex>),
    WriteRevision(Box<NewRevision>),
    StageSecrets(Box<StageSecrets>),
    ListRevisions(Since, Option<Revision>),
    ReadVersions(Vec<VersionRef>),
    ReadIntroduced(Revision),
    ReadDirectory(Seq),
    CommitStatement(Box<CommitStatement>),
    ReadSeals(SealsQuery),
    ReadActivity,
    ReadAudit(u64),
    ReadCheckpoint(WantedProofs),
    StartJoin(JoinStart),
    Join(Box<Join>),
    ReadAcceptances,
    RotateKeys(Box<RotateKeys>),
    RequestKeys(Box<RequestKeys>),
    ReadKeyRequests,
    StartAccount(AccountStart),
    ReplaceAccount(Box<ReplaceAccount>),
    ReadRecovery,
}

/// What the caller trusts and remembers of the directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    pub(super) anchor: Seq,
    pub(super) remembered: Option<Seq>,
}

/// What a checkpoint is to prove beside itself.
#[derive(Debug)]
pub(super) struct WantedProofs {
    /// That it continues the log of so many records.
    pub(super) old: Option<u64>,
    /// That the records at these positions stand in it.
    pub(super) positions: Vec<u64>,
}

impl Task {
    /// Parses query and body of a request to `route`.
    ///
    /// # Errors
    /// A [`Problem`] with [`ProblemCode::Malformed`] when they are not what the route takes.
    pub(super) fn parse(route: &Route, query: &str, body: &[u8]) -> Result<Self, Problem> {
        let query = Query::parse(route, query)?;
        Ok(match route.action {
            Action::WhoAmI => Self::WhoAmI,
            Action::ProfileList => Self::ListProfiles(query.since()?),
            Action::ProfileRead => Self::ReadProfile(query.since()?),
            Action::SecretsRead => Self::ReadSecrets(query.since()?, query.indexes()?),
            Action::ProfileWrite => Self::WriteRevision(Box::new(parse_json(body)?)),
            Action::ProfileStage => Self::StageSecrets(Box::new(parse_json(body)?)),
            Action::RevisionList => Self::ListRevisions(query.since()?, query.optional("before")?),
            Action::VersionsRead => Self::ReadVersions(query.versions()?),
            Action::IntroducedRead => Self::ReadIntroduced(query.required("from")?),
            Action::DirectoryRead => Self::ReadDirectory(query.required("from")?),
            Action::DirectoryCommit => Self::CommitStatement(Box::new(parse_json(body)?)),
            Action::SealsRead => Self::ReadSeals(parse_json(body)?),
            Action::ActivityRead => Self::ReadActivity,
            Action::AuditRead => Self::ReadAudit(query.first_record()?),
            Action::CheckpointRead => Self::ReadCheckpoint(query.proofs()?),
            Action::UserRegister => Self::StartJoin(parse_json(body)?),
            Action::UserAccept => Self::Join(Box::new(parse_json(body)?)),
            Action::AcceptanceRead => Self::ReadAcceptances,
            Action::UserRotateKeys => Self::RotateKeys(Box::new(parse_json(body)?)),
            Action::UserRequestKeys => Self::RequestKeys(Box::new(parse_json(body)?)),
            Action::KeyRequestRead => Self::ReadKeyRequests,
            Action::AccountRegister => Self::StartAccount(parse_json(body)?),
            Action::AccountReplace => Self::ReplaceAccount(Box::new(parse_json(body)?)),
            Action::RecoveryRead => Self::ReadRecovery,
            Action::Health
            | Action::Ready
            | Action::OpenApi
            | Action::SetupStart
            | Action::OrgCreate
            | Action::LoginStart
            | Action::LoginFinish => return Err(Problem::not_found()),
        })
    }
}

struct Query<'q>(Vec<(&'q str, &'q str)>);

impl<'q> Query<'q> {
    fn parse(route: &Route, query: &'q str) -> Result<Self, Problem> {
        let pairs = parse_query(query).map_err(|error| malformed(format!("query: {error}")))?;
        for parameter in route.query {
            let count = pairs.iter().filter(|(name, _)| *name == parameter.name).count();
            if count == 0 && parameter.required {
                return Err(malformed(format!("query: {} is missing", parameter.name)));
            }
            if count > 1 && !parameter.repeated {
                return Err(malformed(format!("query: {} is given more than once", parameter.name)));
            }
        }
        let known = |name: &str| route.query.iter().any(|parameter| parameter.name == name);
        if pairs.iter().any(|(name, _)| !known(name)) {
            return Err(malformed("query: there is a parameter that this route does not take".to_owned()));
        }
        Ok(Self(pairs))
    }

    fn optional<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        self.read(name, |value| value.parse().ok())
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        self.read(name, |value| parse_decimal(value).ok())
    }

    fn read<T>(&self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some((_, value)) = self.0.iter().find(|(given, _)| *given == name) else { return Ok(None) };
        parse(value).map(Some).ok_or_else(|| malformed(format!("query: {name} is not well formed")))
    }

    fn required<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, Problem> {
        self.optional(name)?.ok_or_else(|| malformed(format!("query: {name} is missing")))
    }

    fn since(&self) -> Result<Since, Problem> {
        Ok(Since { anchor: self.required("anchor")?, remembered: self.optional("remembered")? })
    }

    fn first_record(&self) -> Result<u64, Problem> {
        self.number("from")?.ok_or_else(|| malformed("query: from is missing".to_owned()))
    }

    fn proofs(&self) -> Result<WantedProofs, Problem> {
        let texts = self.0.iter().filter(|(name, _)| *name == "position").map(|(_, value)| parse_decimal(value));
        let positions: Result<Vec<u64>, _> = texts.collect();
        let positions = positions.map_err(|_| malformed("query: position is not well formed".to_owned()))?;
        if positions.len() > limits::INCLUSIONS {
            let most = limits::INCLUSIONS;
            return Err(malformed(format!("query: at most {most} positions can be asked for at once")));
        }
        Ok(WantedProofs { old: self.number("old")?, positions })
    }

    fn indexes(&self) -> Result<Vec<BlindIndex>, Problem> {
        let texts = self.0.iter().filter(|(name, _)| *name == "index").map(|(_, value)| value);
        let mut indexes = texts
            .map(|text| text.parse::<BlindIndex>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| malformed("query: index is not well formed".to_owned()))?;
        if indexes.len() > limits::PARTIAL_READ_INDEXES {
            let most = limits::PARTIAL_READ_INDEXES;
            return Err(malformed(format!("query: at most {most} secrets can be asked for at once")));
        }
        indexes.sort_unstable();
        indexes.dedup();
        Ok(indexes)
    }

    fn versions(&self) -> Result<Vec<VersionRef>, Problem> {
        let texts = self.0.iter().filter(|(name, _)| *name == "of").map(|(_, value)| value);
        let mut versions = texts
            .map(|text| text.parse::<VersionRef>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| malformed(format!("query: of is {error}")))?;
        if versions.len() > limits::VERSIONS_READ {
            let most = limits::VERSIONS_READ;
            return Err(malformed(format!("query: at most {most} versions can be asked for at once")));
        }
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }
}

/// Parses a JSON body, strictly.
///
/// # Errors
/// A [`Problem`] that says where the body is not what the route takes.
pub(super) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    json::from_slice(body).map_err(|error| {
        // The parser's own text can repeat what it found, which may be a setup code: only the place is told.
        malformed(format!("the body is not what this route takes (line {}, column {})", error.line(), error.column()))
    })
}

/// A problem with a request's form.
pub(super) fn malformed(detail: String) -> Problem {
    Problem::new(ProblemCode::Malformed, detail)
}
