//! Secrets as files that other programs read, and back: dotenv, JSON, shell.
//!
//! A format either gives every reader exactly the stored bytes or refuses, naming the secret: nothing is changed silently.
//! What a shell sources (shell, and dotenv, which people source too) holds nothing on which a shell would act: no name of
//! [`names`] that nobody allowed, and no `$`, backtick or backslash but where every reader takes it for text.

pub mod dotenv;
pub mod json;
pub mod names;
mod pattern;
pub mod shell;

pub use pattern::NamePattern;

use names::{AllowedNames, SpecialNames};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// Names with values, as a file holds them.
pub type Entries = Vec<(String, Zeroizing<Vec<u8>>)>;

/// How secrets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `NAME=value` lines that the readers of dotenv files and shells read alike.
    Dotenv,
    /// `{"NAME": "value"}`; what is not UTF-8 as `{"NAME": {"base64": "..."}}`.
    Json,
    /// `export NAME='value'` lines for POSIX shells.
    Shell,
}

impl Format {
    /// Whether files of it are sourced by shells, so that names and values must mean nothing to one.
    #[must_use]
    pub const fn is_sourced(self) -> bool {
        match self {
            Self::Dotenv | Self::Shell => true,
            Self::Json => false,
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "dotenv" => Ok(Self::Dotenv),
            "json" => Ok(Self::Json),
            "shell" => Ok(Self::Shell),
            _ => Err(UnknownFormat),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dotenv => "dotenv",
            Self::Json => "json",
            Self::Shell => "shell",
        })
    }
}

/// A text names no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the formats are dotenv, json and shell")]
pub struct UnknownFormat;

/// A secret cannot be written in a format. The name is told, the value never.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The name is no name in this format.
    #[error("{format} cannot hold the name {name:?}: {why}")]
    Name {
        /// The secret.
        name: String,
        /// The format.
        format: Format,
        /// The format's rule.
        why: &'static str,
    },
    /// Names mean something to what reads the file, and nobody allowed them: see [`names`].
    #[error(
        "{format} cannot hold {names}: use --format json, leave out what you do not need with --except, or say --allow-name \
         NAME for each that you mean"
    )]
    SpecialNames {
        /// The secrets.
        names: SpecialNames,
        /// The format.
        format: Format,
    },
    /// The value cannot be written so that every reader gets it back exactly.
    #[error("{format} cannot hold the value of {name}: {why}")]
    Value {
        /// The secret.
        name: String,
        /// The format.
        format: Format,
        /// What stands in the way, and what to use instead.
        why: &'static str,
    },
    /// Two secrets have the same name.
    #[error("{0} stands there twice")]
    Duplicate(String),
}

/// A file is not in its format. The line is told, values never.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not UTF-8 text.
    #[error("line {line}: it is not UTF-8 text")]
    NotText {
        /// Counted from 1.
        line: usize,
    },
    /// A line that is neither blank, nor a comment, nor an assignment.
    #[error("line {line}: expected NAME=value")]
    NotAnAssignment {
        /// Counted from 1.
        line: usize,
    },
    /// A name is set twice, to different values.
    #[error("line {line}: {name} is set a second time, to another value")]
    Duplicate {
        /// Counted from 1; 0 where lines say nothing.
        line: usize,
        /// Which.
        name: String,
    },
    /// Not the JSON that this format writes.
    #[error("it is not JSON of the form {{\"NAME\": \"value\"}} (line {line})")]
    NotJson {
        /// Counted from 1.
        line: usize,
    },
    /// A value that is neither text nor `{"base64": "..."}`.
    #[error("the value of {name} is neither text nor {{\"base64\": \"...\"}}")]
    NotAValue {
        /// Which.
        name: String,
    },
    /// The format is only written, not read.
    #[error("{0} files are written, not read: use dotenv or json")]
    WriteOnly(Format),
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub text: Zeroizing<Vec<u8>>,
    /// What some readers of it will not take as it is: to be told to whoever asked for the file.
    pub notes: Vec<Note>,
}

/// Secrets that some readers of a file take otherwise than they are, or not at all. Names are told, values never.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Note {
    /// Their values hold a `$`, in single quotes, in which most readers leave it alone.
    #[error(
        "there is a $ in {}: it stands in single quotes, but dotenv-expand (Next.js, Vite) expands it all the same, and so \
         does python-dotenv for ${{...}} unless it is told interpolate=False", .0.join(", ")
    )]
    ExpandedInQuotes(Vec<String>),
    /// Their names are no variables.
    #[error("shells, and Go's and PHP's readers of dotenv files, take no variable called {}", .0.join(", "))]
    NotVariables(Vec<String>),
}

/// Writes secrets, sorted by name. A name that means something to shells or to what they start ([`names`]) is written to
/// files that are sourced only if it is one of `allowed`.
///
/// # Errors
/// [`FormatError`] when the format cannot hold a name or value exactly and without effect, or a name stands there twice.
pub fn write<'a>(
    format: Format,
    entries: impl Iterator<Item = (&'a str, &'a [u8])>,
    allowed: &AllowedNames,
) -> Result<Written, FormatError> {
    let mut entries: Vec<(&str, &[u8])> = entries.collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    let twice = entries.windows(2).find_map(|pair| match pair {
        [(a, _), (b, _)] if a == b => Some((*a).to_owned()),
        _ => None,
    });
    if let Some(name) = twice {
        return Err(FormatError::Duplicate(name));
    }
    if format.is_sourced() {
        let names = allowed.refused_among(entries.iter().map(|(name, _)| *name));
        if !names.is_empty() {
            return Err(FormatError::SpecialNames { names, format });
        }
    }
    // Grown once, so that no half of it stays behind in memory that was given back.
    let size: usize = entries.iter().map(|(name, value)| name.len() + 2 * value.len() + 32).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    let mut notes = Vec::new();
    match format {
        Format::Dotenv => dotenv::write(&entries, allowed, &mut out, &mut notes)?,
        Format::Json => json::write(&entries, &mut out),
        Format::Shell => shell::write(&entries, &mut out)?,
    }
    Ok(Written { text: out, notes })
}

/// Reads a file that this module, or a person, wrote.
///
/// # Errors
/// [`ParseError`] when it is not in the format, or sets a name twice.
pub fn parse(bytes: &[u8], format: Format) -> Result<Entries, ParseError> {
    match format {
        Format::Dotenv => dotenv::parse(bytes),
        Format::Json => json::parse(bytes),
        Format::Shell => Err(ParseError::WriteOnly(format)),
    }
}
