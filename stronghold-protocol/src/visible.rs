//! Text from others, made harmless to show.
//!
//! A name, a reason or a path can hold characters that no one sees and that act: escape sequences steer a terminal, a line
//! feed fakes a second line of a log, bidirectional controls show `gpj.exe` as `exe.jpg`. Whoever shows text to people shows
//! these by their number, as `\u{202e}`. Everything else stays as it is, a backslash too: showing twice changes nothing.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// Whether a character acts on what shows it, or has no picture of its own: C0, DEL and C1 controls (a line feed and a tab
/// too), bidirectional controls, separators of lines and paragraphs, and what is invisible anywhere.
///
/// Joiners (U+200C, U+200D) are not: scripts and emoji need them.
#[must_use]
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Bidirectional controls (Unicode Standard Annex 9, section 2).
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separator.
            | '\u{2028}' | '\u{2029}'
            // Invisible: zero-width space and no-break space, word joiner and operators, deprecated formatting, annotations,
            // tags.
            | '\u{200b}' | '\u{feff}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
        )
}

/// A text as one line that can be shown: each character that [`acts`] as `\n`, `\t`, `\r` or `\u{..}`.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false, |character, shown| shown.extend(character.escape_default()))
}

/// A text of several lines that can be shown: as [`line()`], but line feeds and tabs stay.
#[must_use]
pub fn block(text: &str) -> Cow<'_, str> {
    let stays = |character| matches!(character, '\n' | '\t');
    escaped(text, stays, |character, shown| shown.extend(character.escape_default()))
}

/// JSON that can be shown, of the same meaning: each character that [`acts`] as `\uXXXX`, but for what stands between
/// values. The text must be JSON, where such characters are in strings only.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    // A serializer escapes line feeds and tabs in strings: those that are left lay the text out.
    let stays = |character| matches!(character, '\n' | '\t' | '\r');
    escaped(text, stays, |character, shown| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into a string cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    })
}

/// Shows what it holds as [`line()`] does.
#[derive(Clone, Copy, Debug)]
pub struct Line<T>(pub T);

impl<T: fmt::Display> fmt::Display for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(&self.0.to_string()))
    }
}

fn escaped(text: &str, stays: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let is_escaped = |character: char| acts(character) && !stays(character);
    if !text.chars().any(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_escaped(character) {
            escape(character, &mut shown);
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}
