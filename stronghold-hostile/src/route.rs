//! What was asked, as far as lies care.

/// The kind of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Statements of the directory from a position on.
    Directory(u64),
    /// A whole profile.
    Read,
    /// Some secrets of a profile.
    Part,
    /// The profiles.
    List,
    /// Audit records from a position on.
    Records(u64),
    /// The audit log's checkpoint.
    Checkpoint,
    /// Who the caller is.
    WhoAmI,
    /// The accepted invitations.
    Acceptances,
    /// The first half of a log-in.
    LoginStart,
    /// Anything else.
    Other,
}

impl Route {
    /// Of a path with its query.
    pub(crate) fn of(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let from = || {
            let value = query.split('&').find_map(|part| part.strip_prefix("from="));
            value.and_then(|value| value.parse().ok()).unwrap_or(0)
        };
        match path.rsplit('/').next().unwrap_or_default() {
            "directory" => Self::Directory(from()),
            "read" => Self::Read,
            "secrets" => Self::Part,
            "profiles" => Self::List,
            "records" => Self::Records(from()),
            "checkpoint" => Self::Checkpoint,
            "whoami" => Self::WhoAmI,
            "acceptances" => Self::Acceptances,
            "start" if path.ends_with("/login/start") => Self::LoginStart,
            _ => Self::Other,
        }
    }

    /// The organization's id in a path, as it stands there.
    pub(crate) fn org(target: &str) -> Option<&str> {
        target.split('/').skip_while(|segment| *segment != "orgs").nth(1).filter(|org| !org.is_empty())
    }
}
