//! What went wrong, for people, for scripts (problem details) and for the exit code.

use secrecy::SecretString;
use std::fmt;
use stronghold_sdk::{Error, ErrorKind, OnlyOnce, Unproven};

/// The code of a command that needs an identity and has none.
const SIGNED_OUT: &str = "not_signed_in";

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    code: &'static str,
    exit: u8,
    message: String,
    hint: Option<String>,
    server_code: Option<String>,
    /// Whether a write was made, where its answer does not prove it.
    made: Option<bool>,
    once: Vec<OnlyOnce>,
}

impl Failure {
    /// Bad usage that the argument parser cannot see: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", 2, message)
    }

    /// Nobody is signed in: exit code 3.
    pub(crate) fn signed_out() -> Self {
        Self::new(SIGNED_OUT, 3, "nobody is signed in").with_hint(
            "Sign in with `auth api-user --token <AGENT_TOKEN>` or `auth login`, or set API_STRONGHOLD_TOKEN.",
        )
    }

    /// Not allowed, or not authenticated: exit code 3.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new("refused", 3, message)
    }

    /// Something that was named does not exist: exit code 4.
    pub(crate) fn not_found(what: &str, name: &str) -> Self {
        Self::new("not_found", 4, format!("there is no {what} {name:?}"))
    }

    /// Input that is not what it must be: exit code 1.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid_input", 1, message)
    }

    /// A file or the system on this machine failed: exit code 1.
    pub(crate) fn local(what: impl fmt::Display, error: &dyn std::error::Error) -> Self {
        Self::new("local", 1, format!("{what}: {error}"))
    }

    /// A command could not be started: exit code 126, or 127 where it does not exist.
    pub(crate) fn not_started(program: &str, error: &dyn std::error::Error, exit: u8) -> Self {
        Self::new("not_started", exit, format!("{program} cannot be started: {error}"))
    }

    /// Adds a sentence that says what to do.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether nobody is signed in.
    pub(crate) fn is_signed_out(&self) -> bool {
        self.code == SIGNED_OUT
    }

    /// The process's exit code.
    pub(crate) const fn exit_code(&self) -> u8 {
        self.exit
    }

    /// What went wrong, in one line.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// RFC 9457 problem details.
    pub(crate) fn to_problem(&self) -> serde_json::Value {
        let mut problem = serde_json::json!({
            "type": format!("urn:stronghold:problem:{}", self.server_code.as_deref().unwrap_or(self.code)),
            "title": self.message,
            "code": self.server_code.as_deref().unwrap_or(self.code),
            "exit_code": self.exit,
        });
        if let (Some(hint), Some(object)) = (&self.hint, problem.as_object_mut()) {
            object.insert("detail".to_owned(), hint.as_str().into());
        }
        if let (Some(made), Some(object)) = (self.made, problem.as_object_mut()) {
            object.insert("made".to_owned(), made.into());
        }
        problem
    }

    /// Adds what exists only once, and was made before this failed.
    pub(crate) fn with_once(mut self, name: &'static str, value: SecretString) -> Self {
        self.once.push((name, value));
        self
    }

    /// What exists only once, and was made or may have been: to be shown all the same.
    pub(crate) fn once(&self) -> &[OnlyOnce] {
        &self.once
    }

    fn new(code: &'static str, exit: u8, message: impl Into<String>) -> Self {
        Self { code, exit, message: message.into(), hint: None, server_code: None, made: None, once: Vec::new() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let made = error.is_made();
        let (code, exit, hint) = match error.kind() {
            ErrorKind::Integrity if made => ("unproven", 5, None),
            ErrorKind::Integrity => (
                "integrity",
                5,
                Some("Do not use what this server sends. Tell your administrator; `org verify` shows more."),
            ),
            ErrorKind::Refused => ("refused", 3, None),
            ErrorKind::NotFound => ("not_found", 4, None),
            ErrorKind::Unreachable => (
                "unreachable",
                6,
                Some("Check the address (--url, API_STRONGHOLD_URL) and the network; `doctor` helps."),
            ),
            _ => ("failed", 1, None),
        };
        Self {
            code,
            exit,
            message: error.to_string(),
            hint: error.advice().map(str::to_owned).or_else(|| hint.map(str::to_owned)),
            server_code: error.problem_code().map(str::to_owned),
            made: error.as_unproven().map(Unproven::is_made),
            once: error.into_unproven().map(|unproven| unproven.into_once()).unwrap_or_default(),
        }
    }
}
