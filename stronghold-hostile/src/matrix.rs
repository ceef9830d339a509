//! What each client made of each lie.

use crate::{Client, Expected, Lie};
use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

/// What came of a lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was refused as an integrity error; with what.
    Refused(String),
    /// It was refused as something else; with what.
    Failed(String),
    /// It was told, and the truth came out.
    Truth,
    /// It was told, and believed.
    Believed(String),
    /// No answer to what this client asks can hold it.
    Untold,
}

/// The clients of one test as columns, the lies as rows.
#[derive(Debug, Default)]
pub struct Matrix {
    cells: BTreeMap<(Lie, Client), Seen>,
}

impl Matrix {
    /// Notes what a client made of a lie.
    pub fn note(&mut self, lie: Lie, client: Client, seen: Seen) {
        self.cells.insert((lie, client), seen);
    }

    /// All that is not as it must be, a line each. Every lie that is told by changing answers must be there for the clients.
    #[must_use]
    pub fn wrong(&self, clients: &[Client], lies: &[Lie]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (lie, client) in lies.iter().flat_map(|lie| clients.iter().map(move |client| (*lie, *client))) {
            let expected = client.expects(lie);
            let seen = self.cells.get(&(lie, client));
            let right = matches!(
                (expected, seen),
                (Expected::Refused, Some(Seen::Refused(_)))
                    | (Expected::NotBelieved, Some(Seen::Refused(_) | Seen::Failed(_)))
                    | (Expected::Harmless(_), Some(Seen::Truth))
                    | (Expected::Untold(_), None | Some(Seen::Untold))
            );
            if !right {
                wrong.push(format!("{} to {}: {expected:?}, and it was {seen:?}", lie.name(), client.name()));
            }
        }
        wrong
    }

    /// Says it, with these columns.
    #[must_use]
    pub fn say(&self, clients: &[Client], lies: &[Lie]) -> String {
        let mut text = format!("  {:30}", "");
        for client in clients {
            let _ = write!(text, " {:12}", client.name());
        }
        for lie in lies {
            let _ = write!(text, "\n  {:30}", lie.name());
            for client in clients {
                let cell = self.cells.get(&(*lie, *client)).map_or("-", Seen::word);
                let _ = write!(text, " {cell:12}");
            }
        }
        for client in clients {
            let count = |word: &str| {
                lies.iter().filter(|lie| self.cells.get(&(**lie, *client)).map_or("-", Seen::word) == word).count()
            };
            let counts = ["refused", "failed", "truth", "-", "BELIEVED"].map(|word| format!("{} {word}", count(word)));
            let _ = write!(text, "\n  {}: {}", client.name(), counts.join(", "));
        }
        text
    }
}

impl Seen {
    const fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Truth => "truth",
            Self::Believed(_) => "BELIEVED",
            Self::Untold => "-",
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Failed(why) | Self::Believed(why) => write!(f, "{}: {why}", self.word()),
            Self::Truth | Self::Untold => f.write_str(self.word()),
        }
    }
}
