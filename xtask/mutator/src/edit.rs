//! Edits of a text that nest: what wraps a part, and what wraps a part of that part.

use std::ops::Range;

/// Replaces the bytes of a range; an empty range inserts.
pub(crate) struct Edit {
    range: Range<usize>,
    text: String,
    /// At one place: what closes comes before what opens, inner before outer where they close, outer first where they open.
    order: (u8, i64),
}

/// The edits of one text, in the order in which a walk from the outside to the inside makes them.
#[derive(Default)]
pub(crate) struct Edits {
    all: Vec<Edit>,
}

impl Edits {
    /// Puts `before` and `after` around a range.
    pub(crate) fn wrap(&mut self, range: &Range<usize>, before: String, after: String) {
        let order = self.next();
        self.all.push(Edit { range: range.start..range.start, text: before, order: (1, order) });
        self.all.push(Edit { range: range.end..range.end, text: after, order: (0, -order) });
    }

    /// Replaces a range in which no other edit is.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: String) {
        let order = self.next();
        self.all.push(Edit { range, text, order: (2, order) });
    }

    /// Inserts a text.
    pub(crate) fn insert(&mut self, at: usize, text: String) {
        self.replace(at..at, text);
    }

    fn next(&self) -> i64 {
        i64::try_from(self.all.len()).unwrap_or(i64::MAX)
    }
}

/// The text with all edits made.
pub(crate) fn apply(source: &str, edits: Edits) -> String {
    let mut all = edits.all;
    all.sort_by_key(|edit| (edit.range.start, edit.order));
    let mut text = String::with_capacity(source.len() * 2);
    let mut at = 0;
    for edit in all {
        text.push_str(source.get(at..edit.range.start).unwrap_or_default());
        text.push_str(&edit.text);
        at = at.max(edit.range.end);
    }
    text.push_str(source.get(at..).unwrap_or_default());
    text
}
