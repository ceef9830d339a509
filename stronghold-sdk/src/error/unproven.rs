//! A write that the server's answer does not prove: what was written, and what exists only once.

use super::Error;
use crate::admin::Account;
use secrecy::SecretString;
use std::fmt;

/// A value that nobody can show again, with the name that it has in the JSON of the command that makes it.
pub type OnlyOnce = (&'static str, SecretString);

/// A write whose answer does not prove that it was made and logged, although it was or may have been made.
///
/// `Debug` shows no secret.
pub struct Unproven {
    what: String,
    made: bool,
    cause: Error,
    once: Vec<OnlyOnce>,
    account: Option<Account>,
}

impl Unproven {
    /// What was written, by name.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Whether the server shows that it was made. Otherwise that is unknown.
    #[must_use]
    pub const fn is_made(&self) -> bool {
        self.made
    }

    pub(super) fn kind_is_integrity(&self) -> bool {
        self.made || self.cause.kind() == super::ErrorKind::Integrity
    }

    /// Why the answer proves nothing.
    #[must_use]
    pub const fn cause(&self) -> &Error {
        &self.cause
    }

    /// What exists only once, and is needed if the write was made: a token, a code, a key. Show it, or keep it.
    #[must_use]
    pub fn once(&self) -> &[OnlyOnce] {
        &self.once
    }

    /// The same, taken.
    #[must_use]
    pub fn into_once(self) -> Vec<OnlyOnce> {
        self.once
    }

    /// The account with the keys that the server shows to be in force, or may have put in force, where the write made
    /// them: to be kept in place of the ones so far.
    #[must_use]
    pub const fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, made, cause, .. } = self;
        if *made {
            write!(
                f,
                "made, not proven: {what}. The server shows it, and its answer does not prove that it was logged ({cause})"
            )
        } else {
            write!(f, "{cause}. Whether this was made is unknown: {what}")
        }
    }
}

impl fmt::Debug for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.once.iter().map(|(name, _)| *name).collect();
        let Self { what, made, cause, .. } = self;
        write!(f, "Unproven {{ what: {what:?}, made: {made}, cause: {cause:?}, once: {names:?} }}")
    }
}

impl Error {
    /// A write that the answer does not prove. `made` says whether the server shows it.
    pub(crate) fn unproven(what: String, made: bool, cause: Self) -> Self {
        Self::Unproven(Box::new(Unproven { what, made, cause, once: Vec::new(), account: None }))
    }

    /// The write that is not proven, if that is what it is.
    #[must_use]
    pub fn into_unproven(self) -> Option<Box<Unproven>> {
        match self {
            Self::Unproven(unproven) => Some(unproven),
            _ => None,
        }
    }

    /// The same, to look at.
    #[must_use]
    pub const fn as_unproven(&self) -> Option<&Unproven> {
        match self {
            Self::Unproven(unproven) => Some(unproven),
            _ => None,
        }
    }
}

/// A value that exists only once, from when it is made: it comes out beside what the write returned, or in the error of a
/// write that was or may have been made. There is no other way to it.
pub(crate) struct MadeOnce<S>(S);

impl<S> MadeOnce<S> {
    /// Takes what was just made.
    pub(crate) const fn new(value: S) -> Self {
        Self(value)
    }

    /// What others may know of it.
    pub(crate) fn public<P>(&self, half: impl FnOnce(&S) -> P) -> P {
        half(&self.0)
    }

    /// The value beside the outcome of the write; or, told as `told` says, in its error.
    ///
    /// # Errors
    /// The write's.
    pub(crate) fn after<R>(
        self,
        written: Result<R, Error>,
        told: impl FnOnce(S) -> (Vec<OnlyOnce>, Option<Account>),
    ) -> Result<(R, S), Error> {
        match written {
            Ok(made) => Ok((made, self.0)),
            Err(Error::Unproven(mut unproven)) => {
                (unproven.once, unproven.account) = told(self.0);
                Err(Error::Unproven(unproven))
            }
            Err(error) => Err(error),
        }
    }
}
