//! `secret set` and `secret get`: exact bytes.

use crate::{named, org, text};
use serde_json::{Value, json};
use std::fs;
use stronghold_testkit::random_bytes;

/// The largest value.
const MOST: usize = 256 * 1024;

#[test]
fn every_byte_comes_back() {
    let org = org();
    let profile = org.profile(&[]);
    let all_bytes: Vec<u8> = (0..=255).collect();
    let text = "x".repeat(MOST);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("EMPTY", Vec::new()),
        ("NEWLINE", b"\n".to_vec()),
        ("ENDS_WITH_NEWLINE", b"value\n".to_vec()),
        ("SPACES", b"  \t value \r\n ".to_vec()),
        ("ALL_BYTES", all_bytes),
        ("NUL", b"a\0b".to_vec()),
        ("LARGEST_TEXT", text.into_bytes()),
        ("LARGEST_BINARY", random_bytes(MOST)),
        ("-", b"a name like a flag".to_vec()),
        ("with space/and.dots \u{1f980}", b"any name".to_vec()),
    ];
    let agent = org.agent(&[&org.group(&[&profile])]);
    for (name, value) in &cases {
        let set = ["--json", "secret", "set", "--profile", &profile, "--stdin", "--", name];
        org.owner.run_with(&set, value).succeeds();
    }
    for cli in [org.owner.clone(), org.as_agent(&agent)] {
        for (name, value) in &cases {
            let get = ["secret", "get", "--profile", &profile, "--", name];
            assert!(cli.ok(&get).stdout == *value, "{name:?} differs");
        }
        let base64 = cli.ok(&["secret", "get", "NUL", "--profile", &profile, "--base64"]).text();
        assert_eq!(base64, "YQBi\n");
    }
    let pulled = org.pull(&agent, &profile);
    for (name, value) in &cases {
        let expected = match std::str::from_utf8(value) {
            Ok(text) => json!(text),
            Err(_) => json!({"base64": data_encoding::BASE64.encode(value)}),
        };
        assert!(pulled[name] == expected, "{name:?} differs");
    }
    assert_eq!(pulled.as_object().unwrap().len(), cases.len());
}

#[test]
fn what_is_too_large_is_refused_and_nothing_is_stored() {
    let org = org();
    let profile = org.profile(&[("KEPT", b"old")]);
    let revision = |()| named(&org.owner.json(&["profile", "list"]), &profile)["revision"].clone();
    let before = revision(());
    let line =
        org.owner.run_with(&["secret", "set", "KEPT", "--profile", &profile, "--stdin"], &random_bytes(MOST + 1));
    assert!(line.fails(1).contains(&MOST.to_string()), "{line}");
    let pushed = org.try_push(&profile, &[("GOOD", b"1"), ("TOO_LARGE", "x".repeat(MOST + 1).as_bytes())]);
    assert!(pushed.fails(1).contains("TOO_LARGE"), "the error names the secret: {pushed}");
    for name in ["", "A=B", "x".repeat(257).as_str()] {
        let refused = org.owner.run_with(&["secret", "set", "--profile", &profile, "--stdin", "--", name], b"x");
        assert!(matches!(refused.code(), 1 | 2), "{refused}");
        let code = refused.code();
        refused.fails(code);
    }
    assert_eq!(revision(()), before);
    assert_eq!(org.owner.ok(&["secret", "get", "KEPT", "--profile", &profile]).stdout, b"old");
}

#[test]
fn values_come_from_files_and_notes_go_along() {
    let org = org();
    let profile = org.profile(&[]);
    let file = org.folder();
    fs::write(&file, b"from\xff a file\n").unwrap();
    org.owner.json(&[
        "secret",
        "set",
        "FILE",
        "--profile",
        &profile,
        "--file",
        text(&file),
        "--note",
        "rotated by hand",
    ]);
    assert_eq!(org.owner.ok(&["secret", "get", "FILE", "--profile", &profile]).stdout, b"from\xff a file\n");
    let list = org.owner.json(&["secret", "list", "--profile", &profile]);
    assert_eq!(named(&list, "FILE")["note"], json!("rotated by hand"));
    let printed: Value = org.owner.json(&["secret", "get", "FILE", "--profile", &profile]);
    assert_eq!(printed["value"], json!({"base64": data_encoding::BASE64.encode(b"from\xff a file\n")}));
}

#[test]
fn a_missing_secret_is_named() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    for cli in [org.owner.clone(), org.as_agent(&agent)] {
        let line = cli.run(&["secret", "get", "NO_SUCH_SECRET", "--profile", &profile]).fails(4);
        assert!(line.contains("NO_SUCH_SECRET"), "{line}");
    }
    org.owner.run(&["secret", "get", "KEY", "--profile", "no-such-profile"]).fails(4);
    org.as_agent(&agent).run(&["secret", "get", "KEY", "--profile", "no-such-profile"]).fails(3);
}
