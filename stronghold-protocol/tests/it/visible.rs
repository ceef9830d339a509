//! What text of others looks like where people read it.

use proptest::prelude::*;
use stronghold_protocol::visible::{Line, acts, block, json, line};

#[test]
fn what_acts_is_shown_by_its_number() {
    for (text, shown) in [
        ("plain, with \u{e9}\u{20ac}\u{1f512} and \\n", "plain, with \u{e9}\u{20ac}\u{1f512} and \\n"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\u{1b}[31mred\u{1b}[0m\u{7}", "\\u{1b}[31mred\\u{1b}[0m\\u{7}"),
        ("\u{9b}31m\u{7f}\u{85}", "\\u{9b}31m\\u{7f}\\u{85}"),
        ("exe.\u{202e}gpj\u{2066}\u{200f}\u{61c}", "exe.\\u{202e}gpj\\u{2066}\\u{200f}\\u{61c}"),
        ("a\u{2028}b\u{feff}\u{200b}\u{e0041}", "a\\u{2028}b\\u{feff}\\u{200b}\\u{e0041}"),
        ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"),
    ] {
        assert_eq!(line(text), shown);
        assert_eq!(line(shown), shown, "showing twice changes nothing");
        assert_eq!(Line(text).to_string(), shown);
    }
    assert_eq!(block("a\n\tb\r\u{1b}c"), "a\n\tb\\r\\u{1b}c");
}

#[test]
fn json_that_is_shown_says_the_same() {
    let value = serde_json::json!({"na\u{202e}me": "a\u{9b}b\u{7f}\n\u{e0041}c\u{1b}\u{2028}"});
    for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
        let shown = json(&text);
        assert!(shown.chars().all(|character| character == '\n' || !acts(character)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}

proptest! {
    #[test]
    fn nothing_that_acts_is_left(text in any::<String>()) {
        let shown = line(&text);
        prop_assert!(!shown.chars().any(acts));
        prop_assert_eq!(line(&shown), &*shown);
        prop_assert!(!block(&text).chars().any(|character| acts(character) && !matches!(character, '\n' | '\t')));
    }

    #[test]
    fn any_json_that_is_shown_says_the_same(text in any::<String>()) {
        let value = serde_json::json!({ text.clone(): [text] });
        let shown = json(&value.to_string()).into_owned();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
