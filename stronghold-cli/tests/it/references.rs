//! Secret references, from the command line.

use crate::{named, org};
use serde_json::json;

#[test]
fn references_are_followed_where_the_reader_allows_it() {
    let org = org();
    let shared = org.profile(&[("URL", b"postgres://shared")]);
    let app = org.profile(&[("PLAIN", b"value")]);
    let agent = org.agent(&[&org.group(&[&app, &shared])]);
    let refer = |name: &str, target: &str| {
        org.owner.json(&["secret", "set", name, "--profile", &app, "--reference", target]);
    };
    refer("SAME", "PLAIN");
    let cli = org.as_agent(&agent);
    let pull = ["env", "pull", "--profile", &app, "--format", "json"];
    assert_eq!(cli.ok(&pull).json(), json!({"PLAIN": "value", "SAME": "value"}));

    let target = format!("{shared}/URL");
    refer("OTHER", &target);
    let line = cli.run(&pull).fails(1);
    assert!(line.contains(&format!("{app}/OTHER -> {target}")) && line.contains("--allow-reference"), "{line}");
    let all = json!({"OTHER": "postgres://shared", "PLAIN": "value", "SAME": "value"});
    let raw = json!({"OTHER": target, "PLAIN": "value", "SAME": "PLAIN"});
    for cli in [&cli, &org.owner] {
        let with = |flags: &[&str]| cli.ok(&[&pull[..], flags].concat()).json();
        assert_eq!(with(&["--allow-reference", &shared]), all);
        assert_eq!(with(&["--raw"]), raw);
        assert_eq!(with(&["--except", "OTHER"]), json!({"PLAIN": "value", "SAME": "value"}));
        let allowed = cli.clone().var("API_STRONGHOLD_ALLOW_REFERENCE", &shared);
        assert_eq!(allowed.ok(&pull).json(), all);
        let get = ["secret", "get", "OTHER", "--profile", &app];
        assert_eq!(allowed.ok(&get).stdout, b"postgres://shared");
        cli.run(&get).fails(1);
        assert_eq!(cli.ok(&["secret", "get", "OTHER", "--profile", &app, "--raw"]).text(), target);
        let run =
            ["env", "run", "--profile", &app, "--allow-reference", &shared, "--", "sh", "-c", "printf %s \"$OTHER\""];
        assert_eq!(cli.ok(&run).stdout, b"postgres://shared");
        let list = cli.json(&["secret", "list", "--profile", &app]);
        assert_eq!(
            (&named(&list, "OTHER")["kind"], &named(&list, "OTHER")["reference"]),
            (&json!("reference"), &json!(target))
        );
        assert_eq!(named(&list, "PLAIN")["kind"], json!("value"));
    }
    let table = org.owner.ok(&["secret", "list", "--profile", &app]).text();
    assert!(table.contains(&format!("reference to {target}")), "{table}");
}

#[test]
fn what_cannot_be_followed_has_an_exit_code_of_its_own() {
    let org = org();
    let hidden = org.profile(&[("KEY", b"value")]);
    let app = org.profile(&[]);
    let agent = org.agent(&[&org.group(&[&app])]);
    let cli = org.as_agent(&agent).var("API_STRONGHOLD_ALLOW_REFERENCE", format!("{hidden},nowhere"));
    let cases = [
        ("MISSING", "NO_SUCH", 4),
        ("HIDDEN", &format!("{hidden}/KEY"), 3),
        ("ABSENT", "nowhere/KEY", 3),
        ("ONE", "TWO", 1),
        ("TWO", "ONE", 1),
    ];
    for (name, target, _) in cases {
        org.owner.json(&["secret", "set", name, "--profile", &app, "--reference", target]);
    }
    for (name, target, code) in cases {
        let line = cli.run(&["secret", "get", name, "--profile", &app]).fails(code);
        assert!(line.contains(&format!("{app}/{name} -> ")) && line.contains(target), "{line}");
    }
    for target in ["", "profile/", "A=B"] {
        org.owner.run(&["secret", "set", "NEW", "--profile", &app, "--reference", target]).fails(2);
    }
    let itself = org.owner.run(&["secret", "set", "NEW", "--profile", &app, "--reference", "NEW"]).fails(1);
    assert!(itself.contains("itself"), "{itself}");
    org.owner.run(&["secret", "set", "NEW", "--profile", &app, "--reference", "A", "--stdin"]).fails_usage();
}
