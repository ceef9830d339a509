//! What a caller said of itself: how it is asked for, and how it is shown.

use crate::failure::Failure;
use stronghold_sdk::{
    admin::LogRecord,
    protocol::request::{CiRun, RequestContext},
};

/// What `--context` asks for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// A part of any of the texts, whatever their case.
    Part(String),
    /// Exactly this text of one of them.
    Exactly(Key, String),
}

/// One of the texts of a context.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Reason,
    Provider,
    Repository,
    RunId,
}

impl Wanted {
    /// Reads an argument: `KEY=TEXT`, or a part of any text.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let pair = text.split_once('=');
        let key = pair.and_then(|(key, _)| match key {
            "reason" => Some(Key::Reason),
            "ci.provider" => Some(Key::Provider),
            "ci.repository" => Some(Key::Repository),
            "ci.run_id" => Some(Key::RunId),
            _ => None,
        });
        match (key, pair) {
            (Some(key), Some((_, value))) => Ok(Self::Exactly(key, value.to_owned())),
            (None, Some((key, _))) if key.starts_with("ci.") => Err(Failure::usage(format!(
                "--context knows reason, ci.provider, ci.repository and ci.run_id, but not {key:?}"
            ))),
            _ => Ok(Self::Part(text.to_lowercase())),
        }
    }

    /// Whether a context is meant.
    pub(crate) fn matches(&self, context: &RequestContext) -> bool {
        match self {
            Self::Part(part) => texts(context).into_iter().flatten().any(|text| text.to_lowercase().contains(part)),
            Self::Exactly(key, wanted) => {
                let [reason, provider, repository, run_id] = texts(context);
                let text = match key {
                    Key::Reason => reason,
                    Key::Provider => provider,
                    Key::Repository => repository,
                    Key::RunId => run_id,
                };
                text == Some(wanted)
            }
        }
    }
}

/// What the caller of a record said of itself, and signed; nothing where that cannot be read.
pub(crate) fn context_of(entry: &LogRecord) -> RequestContext {
    entry.record.request.parts().context().and_then(RequestContext::from_header).unwrap_or_default()
}

/// In one line, for a table; empty where nothing was said.
pub(crate) fn line(context: &RequestContext) -> String {
    let [reason, provider, repository, run_id] = texts(context);
    let run = [provider, repository, run_id].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let parts = [Some(run).filter(|run| !run.is_empty()), reason.cloned()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// Reason, provider, repository and run.
pub(crate) fn texts(context: &RequestContext) -> [Option<&String>; 4] {
    let of_run = |part: fn(&CiRun) -> Option<&String>| context.ci.as_ref().and_then(part);
    [
        context.reason.as_ref(),
        of_run(|run| run.provider.as_ref()),
        of_run(|run| run.repository.as_ref()),
        of_run(|run| run.run_id.as_ref()),
    ]
}
