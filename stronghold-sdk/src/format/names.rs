//! What a secret's name means to the programs that read what we write.
//!
//! A name is not only a label. Some names make the reader act on the value, whoever wrote it: bash evaluates arithmetic when
//! something is assigned to `RANDOM`, and arithmetic runs commands (`a[$(cmd)]`); a child that finds `BASH_ENV` or
//! `NODE_OPTIONS` in its environment runs what they say before its own first line. Who may write one secret must not get a
//! command on every machine that reads the profile.
//!
//! There are two classes, [`NameClass`], and one question, [`AllowedNames::refused`], which everything asks that writes names
//! for others: the formats that shells source, and the command line before it starts a command. The lists are of names that
//! shells and runtimes give a meaning of their own; tests hold them against the real programs, by asking each for the names
//! that it has.
//!
//! What an application's own start script reads (`JAVA_OPTS`), and what changes what a program does but not what it runs
//! (`NODE_ENV`, `TZ`, `USERNAME`), is in neither class.

mod evaluated;
mod start;

use std::{collections::BTreeSet, fmt};

/// Why a name is not only a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NameClass {
    /// A shell acts on what is assigned: it evaluates it as arithmetic, takes it for its own array or table, or ends the
    /// script because the name is read-only. `RANDOM`, `OPTIND`, `UID`, zsh's `path`.
    Evaluated,
    /// It changes what a program runs or loads as it starts, or which one is started. `PATH`, `BASH_ENV`, `LD_PRELOAD`,
    /// `NODE_OPTIONS`.
    ChangesStart,
}

impl fmt::Display for NameClass {
    /// The reason, as it is said behind one name or several.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Evaluated => "evaluated by shells on assignment",
            Self::ChangesStart => "read by programs as they start, to decide what they run",
        })
    }
}

/// The class of a name; none for a name that is only a label, as most are.
///
/// Upper and lower case differ, as they do for shells and runtimes, but for npm's settings, which npm reads in any case.
#[must_use]
pub fn class_of(name: &str) -> Option<NameClass> {
    if evaluated::holds(name) {
        return Some(NameClass::Evaluated);
    }
    start::holds(name).then_some(NameClass::ChangesStart)
}

/// The names that a person said yes to, though they are more than labels. By default none.
///
/// ```
/// use stronghold_sdk::format::names::{AllowedNames, NameClass};
///
/// let mut allowed = AllowedNames::default();
/// assert_eq!(allowed.refused("BASH_ENV"), Some(NameClass::ChangesStart));
/// allowed.allow("BASH_ENV");
/// assert_eq!(allowed.refused("BASH_ENV"), None);
/// assert_eq!(allowed.refused("DATABASE_URL"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedNames(BTreeSet<String>);

impl AllowedNames {
    /// Allows a name: this one, letter for letter; no pattern.
    pub fn allow(&mut self, name: impl Into<String>) {
        self.0.insert(name.into());
    }

    /// Why a name must not reach a shell or a child; none where it may, being harmless or allowed.
    #[must_use]
    pub fn refused(&self, name: &str) -> Option<NameClass> {
        class_of(name).filter(|_| !self.0.contains(name))
    }

    /// Those of several names that must not reach a shell or a child.
    pub fn refused_among<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> SpecialNames {
        let refused = names.into_iter().filter_map(|name| Some((name.to_owned(), self.refused(name)?)));
        SpecialNames(refused.collect())
    }
}

/// Names that are more than labels, with their classes. Displays as `BASH_ENV, PATH (why), RANDOM (why)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialNames(Vec<(String, NameClass)>);

impl SpecialNames {
    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each with its class, in the order in which they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, NameClass)> {
        self.0.iter().map(|(name, class)| (name.as_str(), *class))
    }
}

impl fmt::Display for SpecialNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for wanted in [NameClass::ChangesStart, NameClass::Evaluated] {
            let named = self.iter().filter(|(_, class)| *class == wanted);
            let mut is_any = false;
            for (name, _) in named {
                write!(f, "{separator}{name}")?;
                (separator, is_any) = (", ", true);
            }
            if is_any {
                write!(f, " ({wanted})")?;
            }
        }
        Ok(())
    }
}

impl<N: Into<String>> FromIterator<N> for AllowedNames {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

/// Whether POSIX shells take it for a variable: letters, digits and `_`, and no digit first.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
