//! Which names are meant: a name, or a pattern in which `*` stands for any text.

/// A name or pattern. `*` stands for any text, also for none; everything else for itself.
///
/// ```
/// use stronghold_sdk::format::NamePattern;
///
/// let pattern = NamePattern::new("DB_*_URL");
/// assert!(pattern.matches("DB_READ_URL") && !pattern.matches("DB_URL"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    /// Before the first `*`; the whole name where there is none.
    head: String,
    /// Between one `*` and the next, and last what is behind the last one. Empty where there is no `*`.
    pieces: Vec<String>,
}

impl NamePattern {
    /// Takes every text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut pieces = text.split('*').map(str::to_owned);
        Self { head: pieces.next().unwrap_or_default(), pieces: pieces.collect() }
    }

    /// Whether a name is meant. Takes time in proportion to the lengths of both together: each piece is looked for once, where
    /// the one before it ended, since a place further left never leaves less to the others.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some((last, middle)) = self.pieces.split_last() else { return name == self.head };
        let Some(mut rest) = name.strip_prefix(self.head.as_str()) else { return false };
        for piece in middle {
            // The standard library's search is linear, whatever it looks for.
            let Some((_, after)) = rest.split_once(piece.as_str()) else { return false };
            rest = after;
        }
        rest.ends_with(last.as_str())
    }
}
