//! Receipts: kept with each read, and held against the log later.

use crate::text;
use serde_json::{Value, json};
use std::fs;
use stronghold_testkit::{Cli, Org};

fn verify(cli: &Cli, file: &std::path::Path) -> Value {
    cli.json(&["audit", "verify", "--receipts", text(file)])
}

#[test]
fn the_receipt_of_a_read_verifies_against_newer_checkpoints() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let file = org.folder();
    let cli = org.as_agent(&agent).var("API_STRONGHOLD_KEEP_RECEIPTS", &file);
    cli.ok(&["env", "pull", "--profile", &profile]);
    let first = verify(&cli, &file);
    assert_eq!((&first["receipts"], &first["verified"]), (&json!(1), &json!(true)));
    // Each way to read leaves one, and earlier ones stay good while the log grows.
    cli.ok(&["env", "run", "--profile", &profile, "--", "true"]);
    cli.ok(&["secret", "get", "KEY", "--profile", &profile]);
    org.push(&profile, &[("KEY", b"other")]);
    let second = verify(&cli, &file);
    assert_eq!(second["receipts"], 3);
    assert!(second["records"].as_u64() > first["records"].as_u64());
    // A person's reads, and a person who verifies everyone's: with the key that the directory names.
    let own = org.folder();
    org.owner.ok(&["--keep-receipts", text(&own), "secret", "get", "KEY", "--profile", &profile]);
    let both = org.owner.json(&["audit", "verify", "--receipts", text(&file), text(&own)]);
    assert_eq!((&both["receipts"], &both["verified"]), (&json!(4), &json!(true)));
    assert!(org.owner.ok(&["audit", "verify", "--receipts", text(&file)]).text().contains("3 receipts"));
    // An agent without receipts has nothing to verify.
    cli.run(&["audit", "verify"]).fails(3);
}

#[test]
fn receipts_that_were_changed_are_told() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let (file, changed) = (org.folder(), org.folder());
    let cli = org.as_agent(&agent);
    for _ in 0..2 {
        cli.ok(&["--keep-receipts", text(&file), "env", "pull", "--profile", &profile]);
    }
    let lines: Vec<Value> =
        fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let check = |receipt: &Value, code: i32| {
        fs::write(&changed, format!("{receipt}\n")).unwrap();
        let said = cli.run(&["audit", "verify", "--receipts", text(&changed)]).fails(code);
        assert_eq!(org.owner.run(&["audit", "verify", "--receipts", text(&changed)]).code(), code, "{said}");
        said
    };
    let mut moved = lines[0].clone();
    moved["position"] = lines[1]["position"].clone();
    assert!(check(&moved, 5).contains(&format!("audit record {}", moved["position"])));
    let mut swapped = lines[0].clone();
    swapped["record"] = lines[1]["record"].clone();
    check(&swapped, 5);
    // What is no receipt at all is a mistake of who gave it.
    let said = check(&json!({"position": 1}), 1);
    assert!(said.contains("line 1, is no receipt"), "{said}");
    cli.run(&["audit", "verify", "--receipts", text(&org.folder())]).fails(1);
    // Nothing is given out where its receipt cannot be kept.
    let folder = org.made_folder();
    let run = cli.run(&["--keep-receipts", text(&folder), "env", "pull", "--profile", &profile]);
    assert_eq!(run.text(), "");
    assert!(run.fails(1).contains("receipt"));
}
