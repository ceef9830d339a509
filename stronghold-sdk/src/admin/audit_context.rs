//! What a caller said of itself, as audit records are asked for by it.

use super::LogRecord;
use crate::error::Error;
use std::str::FromStr;
use stronghold_protocol::request::{CiRun, RequestContext};

/// What a caller shall have said of itself: `reason=TEXT`, `ci.provider=NAME`, `ci.repository=NAME` or `ci.run_id=ID` mean
/// exactly this, any other text is a part of one of these, in any case. Parsed from text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextQuery(Wanted);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// A part of any of the texts, in lower case.
    Part(String),
    /// Exactly this text of one of them.
    Exactly(Key, String),
}

/// One of the texts of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Reason,
    Provider,
    Repository,
    RunId,
}

/// A context has no text of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a context has reason, ci.provider, ci.repository and ci.run_id, but not {0:?}")]
pub struct UnknownContextKey(pub String);

impl FromStr for ContextQuery {
    type Err = UnknownContextKey;

    /// # Errors
    /// [`UnknownContextKey`] for `ci.SOMETHING=TEXT` that is none of those above.
    fn from_str(text: &str) -> Result<Self, UnknownContextKey> {
        let pair = text.split_once('=');
        let key = pair.and_then(|(key, _)| match key {
            "reason" => Some(Key::Reason),
            "ci.provider" => Some(Key::Provider),
            "ci.repository" => Some(Key::Repository),
            "ci.run_id" => Some(Key::RunId),
            _ => None,
        });
        match (key, pair) {
            (Some(key), Some((_, value))) => Ok(Self(Wanted::Exactly(key, value.to_owned()))),
            (None, Some((key, _))) if key.starts_with("ci.") => Err(UnknownContextKey(key.to_owned())),
            _ => Ok(Self(Wanted::Part(text.to_lowercase()))),
        }
    }
}

impl From<UnknownContextKey> for Error {
    fn from(error: UnknownContextKey) -> Self {
        Self::invalid(error.to_string())
    }
}

impl ContextQuery {
    /// Whether a context is meant.
    #[must_use]
    pub fn matches(&self, context: &RequestContext) -> bool {
        let of_run = |part: fn(&CiRun) -> Option<&String>| context.ci.as_ref().and_then(part);
        let text = |key| match key {
            Key::Reason => context.reason.as_ref(),
            Key::Provider => of_run(|run| run.provider.as_ref()),
            Key::Repository => of_run(|run| run.repository.as_ref()),
            Key::RunId => of_run(|run| run.run_id.as_ref()),
        };
        match &self.0 {
            Wanted::Part(part) => {
                let mut texts = [Key::Reason, Key::Provider, Key::Repository, Key::RunId].into_iter().filter_map(text);
                texts.any(|text| text.to_lowercase().contains(part))
            }
            Wanted::Exactly(key, wanted) => text(*key) == Some(wanted),
        }
    }
}

impl LogRecord {
    /// What the caller said of itself, and signed; nothing where that cannot be read.
    #[must_use]
    pub fn context(&self) -> RequestContext {
        let request = self.record.request.as_ref();
        request.and_then(|request| request.parts().context()).and_then(RequestContext::from_header).unwrap_or_default()
    }
}
