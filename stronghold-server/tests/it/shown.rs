//! What the log looks like where people read it.

use stronghold_server::{config::LogFormat, shown::event};

#[test]
fn an_event_of_the_log_is_one_line_that_steers_nothing() {
    let reason = "reason=\u{1b}[31m\u{202e}\nFAKE: line";
    assert_eq!(event(reason, LogFormat::Text), "reason=\\u{1b}[31m\\u{202e}\\nFAKE: line");
    let json = serde_json::json!({"fields": {"reason": reason}}).to_string();
    let shown = event(&json, LogFormat::Json);
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\n']), "{shown}");
    let again: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(again["fields"]["reason"], reason, "a collector reads the same");
}
