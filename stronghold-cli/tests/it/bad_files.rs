//! Files that are not what they should be: one line that names the file, the right exit code, and nothing half done.

use crate::{org, text};
use serde_json::json;
use std::{fs, path::PathBuf};
use stronghold_testkit::{Cli, Org, random_word};

/// What may stand in a file instead of what should.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", Vec::new()),
        ("NUL", b"\0\0\0".to_vec()),
        ("not UTF-8", b"\xff\xfe{}".to_vec()),
        ("not JSON", b"token: value\n".to_vec()),
        ("truncated JSON", br#"{"version":1,"active":null,"identit"#.to_vec()),
        ("another JSON", b"[1, 2, 3]".to_vec()),
        ("a number", b"7".to_vec()),
        ("deep JSON", "[".repeat(100_000).into_bytes()),
        ("large", vec![b' '; 3 * 1024 * 1024]),
    ]
}

#[test]
fn damaged_credentials() {
    let org = org();
    let agent = org.agent(&[]);
    let good = Cli::new(&org.folder());
    good.ok(&["auth", "api-user", "--token", &agent.token]);
    let file = good.config_dir().join("credentials.json");
    let stored = fs::read_to_string(&file).unwrap();
    let owner = fs::read_to_string(org.owner.config_dir().join("credentials.json")).unwrap();
    let mut contents = garbage();
    let seed_at = owner.find("\"seed\"").unwrap();
    let broken_seed =
        format!("{}{}", &owner[..seed_at + 10], owner[seed_at + 10..].replacen(|c: char| c.is_alphanumeric(), "*", 1));
    contents.push(("broken base64", broken_seed.into_bytes()));
    contents.push(("broken id", stored.replace(&agent.id, "not-an-id").into_bytes()));
    contents.push(("unknown field", stored.replacen('{', "{\"surprise\": 1,", 1).into_bytes()));
    contents.push(("cut off", stored.as_bytes()[..stored.len() / 2].to_vec()));
    for (what, content) in contents {
        fs::write(&file, &content).unwrap();
        for command in [&["env", "pull", "--profile", "production"][..], &["auth", "status"]] {
            let line = good.run(command).fails(1);
            assert!(line.contains("credentials"), "{what}: {line}");
        }
        // Signing in does not write over what may still be rescued.
        let signing_in = good.run(&["auth", "api-user", "--token", &agent.token]);
        assert!(!signing_in.messages().contains("panicked"), "{signing_in}");
        if what != "broken base64" {
            assert!(fs::read(&file).unwrap() == content, "{what}: it is left as it is");
        }
    }
    fs::write(&file, stored.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert!(good.run(&["auth", "status"]).fails(1).contains("newer"));
    let token = stored.replace("stronghold_agent_", "stronghold_agent_a");
    fs::write(&file, token).unwrap();
    good.run(&["auth", "status"]).fails(3);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let line = good.run(&["auth", "status"]).fails(1);
    assert!(line.contains("credentials.json"), "{line}");
}

/// What a client remembers guards it: where that is damaged, it stops rather than forgets.
#[test]
fn damaged_state() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let cli = org.as_agent(&agent);
    let pull = ["env", "pull", "--profile", &profile];
    cli.ok(&pull);
    let state = cli.config_dir().join("state");
    let files: Vec<PathBuf> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect();
    let floors = files.iter().find(|file| text(file).contains("floors")).unwrap();
    let good = fs::read(floors).unwrap();
    for (what, content) in garbage() {
        fs::write(floors, &content).unwrap();
        let line = cli.run(&pull).fails(1);
        assert!(line.contains(text(floors)), "{what}: {line}");
        assert!(fs::read(floors).unwrap() == content, "{what}: it is left as it is");
    }
    fs::write(floors, good).unwrap();
    cli.ok(&pull);
    fs::remove_file(floors).unwrap();
    fs::create_dir(floors).unwrap();
    assert!(cli.run(&pull).fails(1).contains(text(floors)));

    // The owner's copy of the directory can be had again: it is verified whatever it says.
    let own = Org::start();
    let _ = own.profile(&[("KEY", b"value")]);
    own.owner.ok(&["profile", "list"]);
    let state = own.owner.config_dir().join("state");
    for (what, content) in garbage() {
        for entry in fs::read_dir(&state).unwrap() {
            let file = entry.unwrap().path();
            if text(&file).contains("floors") || file.is_dir() {
                continue;
            }
            fs::write(&file, &content).unwrap();
        }
        let run = own.owner.run(&["profile", "list"]);
        assert!(!run.messages().contains("panicked"), "{what}: {run}");
        if run.code() != 0 {
            assert!(matches!(run.code(), 1 | 5), "{what}: {run}");
            run.fails(run.code());
        }
    }
}

#[test]
fn files_that_cannot_be_pushed() {
    let org = org();
    let profile = org.profile(&[("KEPT", b"old")]);
    let revision = || org.owner.json(&["profile", "show", &profile])["revision"].clone();
    let before = revision();
    let long_name = "N".repeat(257);
    let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("dotenv", "an assignment is missing", b"GOOD=1\nnonsense\n".to_vec(), "line 2"),
        ("dotenv", "invalid UTF-8", b"GOOD=1\nBAD=\xff\n".to_vec(), "line 2"),
        ("dotenv", "a name twice", b"GOOD=1\nKEPT=2\nGOOD=3\n".to_vec(), "GOOD"),
        ("dotenv", "a name too long", format!("GOOD=1\n{long_name}=1\n").into_bytes(), "256"),
        ("dotenv", "a value too large", [b"BIG=".to_vec(), vec![b'x'; 256 * 1024 + 1]].concat(), "BIG"),
        ("json", "not JSON", b"GOOD=1".to_vec(), "JSON"),
        ("json", "truncated", br#"{"GOOD": "1", "BAD": "2"#.to_vec(), "JSON"),
        ("json", "a number", br#"{"GOOD": "1", "BAD": 2}"#.to_vec(), "BAD"),
        ("json", "null", br#"{"BAD": null}"#.to_vec(), "BAD"),
        ("json", "an array", br#"["GOOD"]"#.to_vec(), "JSON"),
        ("json", "broken base64", br#"{"GOOD": "1", "BAD": {"base64": "*"}}"#.to_vec(), "BAD"),
        ("json", "an empty name", br#"{"": "1"}"#.to_vec(), ""),
        ("json", "NUL in a name", br#"{"A\u0000B": "1"}"#.to_vec(), ""),
        ("json", "a name twice", br#"{"GOOD": "1", "GOOD": "2"}"#.to_vec(), "GOOD"),
        ("json", "deep", "[".repeat(100_000).into_bytes(), "JSON"),
        ("json", "NUL", b"\0".to_vec(), "JSON"),
    ];
    let file = org.folder();
    for (format, what, content, tells) in cases {
        fs::write(&file, content).unwrap();
        let run = org.owner.run(&["env", "push", "--profile", &profile, "--format", format, text(&file)]);
        let line = run.fails(1);
        assert!(line.contains(tells), "{what}: {line}");
        assert!(line.len() < 1000, "{what}: {line}");
    }
    for missing in [text(&org.made_folder()), "/no/such/file"] {
        let line = org.owner.run(&["env", "push", "--profile", &profile, missing]).fails(1);
        assert!(line.contains(missing), "{line}");
        org.owner.run(&["secret", "set", "KEPT", "--profile", &profile, "--file", missing]).fails(1);
    }
    // NUL is a byte like any other in a value.
    fs::write(&file, b"WITH_NUL=a\0b\n").unwrap();
    assert_eq!(revision(), before, "nothing was pushed");
    org.owner.json(&["env", "push", "--profile", &profile, "--format", "dotenv", text(&file)]);
    assert_eq!(org.owner.ok(&["secret", "get", "WITH_NUL", "--profile", &profile]).stdout, b"a\0b");
    // An empty file is an empty set, and removes nothing by itself.
    fs::write(&file, b"").unwrap();
    let pushed = org.owner.json(&["env", "push", "--profile", &profile, "--format", "dotenv", text(&file)]);
    assert_eq!((&pushed["created"], &pushed["updated"], &pushed["unchanged"]), (&json!(0), &json!(0), &json!(0)));
    org.owner.run(&["env", "push", "--profile", "no-such-profile", text(&file)]).fails(4);
}

#[test]
fn setup_codes_that_are_none() {
    let org = org();
    let cli = Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url());
    let cli = cli.var("API_STRONGHOLD_PASSWORD", random_word(20));
    let create =
        |file: &str| cli.run(&["org", "create", "Other", "--setup-code-file", file, "--email", "o@acme.example"]);
    let file = org.folder();
    let contents: [(&[u8], &[i32]); 6] = [
        (b"", &[1]),
        (b"\n", &[1]),
        (b"\xff\xfe", &[1]),
        (&[b'a'; 5000], &[1]),
        (b"not a setup code", &[1, 3]),
        (b"a\0b", &[1, 3]),
    ];
    for (content, codes) in contents {
        fs::write(&file, content).unwrap();
        let run = create(text(&file));
        assert!(codes.contains(&run.code()), "{run}");
        run.fails(run.code());
    }
    for missing in [text(&org.made_folder()), "/no/such/file"] {
        assert!(create(missing).fails(1).contains(missing));
    }
    assert!(!cli.config_dir().join("credentials.json").exists());
    fs::write(&file, "some code").unwrap();
    for email in ["", "no-at-sign", "a@", "two@at@signs", &format!("{}@acme.example", "x".repeat(300))] {
        let run = cli.run(&["org", "create", "Other", "--setup-code-file", text(&file), "--email", email]);
        assert_eq!(run.code(), 2, "{run}");
    }
    for name in ["", " ", "line\nbreak", &"x".repeat(129)] {
        let run = cli.run(&["org", "create", name, "--setup-code-file", text(&file), "--email", "o@acme.example"]);
        assert_eq!(run.code(), 2, "{run}");
    }
}
