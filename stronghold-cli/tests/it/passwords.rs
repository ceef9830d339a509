//! Passwords from the command line: changed, forgotten, on a new device; and the printable recovery kit.

use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};
use stronghold_testkit::{Cli, Org, Run};

const EMAIL: &str = "ada@acme.example";
const FIRST: &str = "the first password";
const NEXT: &str = "the next password";

/// A machine of somebody's own, which knows nothing but the server's address.
fn machine(org: &Org, password: &str) -> Cli {
    Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url()).var("API_STRONGHOLD_PASSWORD", password)
}

/// Somebody who joined: their machine, and what they were shown.
fn joined(org: &Org, role: &str) -> (Cli, Value) {
    let invited = org.owner.json(&["user", "invite", EMAIL, "--role", role]);
    let cli = machine(org, FIRST);
    let accept = ["--json", "user", "accept", "--email", EMAIL, "--invite", "-"];
    let shown = cli.run_with(&accept, invited["code"].as_str().unwrap().as_bytes()).succeeds().json();
    org.owner.json(&["user", "confirm", EMAIL, "--yes"]);
    (cli, shown)
}

fn text<'a>(shown: &'a Value, field: &str) -> &'a str {
    shown[field].as_str().unwrap()
}

/// Signs in on a machine that was never used, or does not.
fn login(org: &Org, key: &str, password: &str) -> Run {
    machine(org, password).var("API_STRONGHOLD_ACCOUNT_KEY", key).run(&["--json", "auth", "login", "--email", EMAIL])
}

/// A try is seen even where only its client learned that the password was wrong: it started, and did not finish.
#[test]
fn log_ins_and_guesses_are_in_the_audit_log() {
    let org = Org::start();
    let (_, shown) = joined(&org, "auditor");
    let key = text(&shown, "account_key");
    login(&org, key, "a guess").fails(3);
    login(&org, key, FIRST).succeeds();
    let list = |more: &[&str]| org.owner.json(&[&["audit", "list"], more].concat()).as_array().unwrap().clone();
    let (started, finished) =
        (list(&["--user", EMAIL, "--action", "login.start"]), list(&["--user", EMAIL, "--action", "login.finish"]));
    assert_eq!((started.len(), finished.len()), (2, 1));
    for entry in started.iter().chain(&finished) {
        assert_eq!((&entry["signed"], &entry["outcome"]), (&false.into(), &"allowed".into()));
        assert_eq!((&entry["principal"]["name"], &entry["address"]), (&EMAIL.into(), &"127.0.0.1".into()));
    }
    assert_eq!(list(&["--action", "org.create"])[0]["position"], 0);
    // Nothing else is unsigned.
    let unsigned: usize =
        ["org.create", "login.start", "login.finish"].iter().map(|action| list(&["--action", action]).len()).sum();
    assert_eq!(org.owner.json(&["audit", "verify"])["unsigned"], unsigned);
}

#[test]
fn a_changed_password_is_the_only_one() {
    let org = Org::start();
    let (cli, shown) = joined(&org, "editor");
    let key = text(&shown, "account_key");
    let change = ["--json", "auth", "password", "--email", EMAIL];
    let with_key = cli.clone().var("API_STRONGHOLD_ACCOUNT_KEY", key);
    // Never without a terminal, and never half.
    let line = with_key.run(&change).fails(2);
    assert!(line.contains("API_STRONGHOLD_NEW_PASSWORD"), "{line}");
    let stdin = [&change[..], &["--password-stdin"]].concat();
    for wrong in ["one line only", "", "a\nb\nc"] {
        with_key.run_with(&stdin, wrong.as_bytes()).fails(1);
    }
    let line = with_key.run_with(&stdin, format!("a guess\n{NEXT}\n").as_bytes()).fails(3);
    assert!(line.contains("password or the account key is wrong"), "{line}");
    let changed = with_key.run_with(&stdin, format!("{FIRST}\n{NEXT}\n").as_bytes()).succeeds().json();
    assert_eq!((text(&changed, "email"), &changed["account_key"]), (EMAIL, &Value::Null));
    login(&org, key, FIRST).fails(3);
    login(&org, key, NEXT).succeeds();
    // Whoever is signed in stays so.
    cli.ok(&["profile", "list"]);
    // By variables, and with a new account key.
    let by_variables =
        machine(&org, NEXT).var("API_STRONGHOLD_NEW_PASSWORD", FIRST).var("API_STRONGHOLD_ACCOUNT_KEY", key);
    let changed = by_variables.ok(&[&change[..], &["--new-account-key"]].concat()).json();
    let new_key = text(&changed, "account_key");
    assert_ne!(new_key, key);
    let line = login(&org, key, FIRST).fails(3);
    assert!(line.contains("password or the account key is wrong"), "the right password with the old key: {line}");
    login(&org, new_key, FIRST).succeeds();
    org.owner.ok(&["audit", "verify"]);
    let record = org.owner.json(&["audit", "list", "--action", "account.replace"]);
    assert_eq!(record.as_array().unwrap().len(), 2, "{record}");
}

#[test]
fn a_forgotten_password_is_replaced_with_the_printed_kit() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.group(&[&profile]);
    let invited = org.owner.json(&["user", "invite", EMAIL, "--group", &group]);
    let sheet = org.made_folder().join("kit.txt");
    let accept = ["--json", "user", "accept", "--email", EMAIL, "--recovery-kit", sheet.to_str().unwrap()];
    let cli = machine(&org, FIRST).var("API_STRONGHOLD_INVITE", text(&invited, "code"));
    let shown = cli.ok(&accept).json();
    org.owner.json(&["user", "confirm", EMAIL, "--yes"]);
    assert_eq!(fs::metadata(&sheet).unwrap().permissions().mode() & 0o777, 0o600);
    let sheet = fs::read_to_string(&sheet).unwrap();
    let kit = text(&shown, "recovery_kit");
    assert!(sheet.contains(kit) && sheet.contains(EMAIL) && sheet.contains(org.server.url()), "{sheet}");
    assert_eq!(scanned(&sheet), kit, "the QR code holds the same");

    // On a machine that was never used, by what is on the paper.
    let lost = machine(&org, NEXT);
    let recovered = lost.run_with(&["--json", "auth", "recover", "--kit", "-"], scanned(&sheet).as_bytes());
    let recovered = recovered.succeeds().json();
    assert_eq!(text(&recovered, "email"), EMAIL);
    assert_eq!(lost.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "value");
    login(&org, text(&shown, "account_key"), FIRST).fails(3);
    login(&org, text(&shown, "account_key"), NEXT).fails(3);
    login(&org, text(&recovered, "account_key"), NEXT).succeeds();

    // Each way to be wrong is one plain error.
    let other = Org::start();
    let cases = [
        (machine(&org, NEXT), "stronghold_recovery_nonsense", "not one"),
        (machine(&org, NEXT), text(&shown, "account_key"), "not one"),
        (machine(&other, NEXT), kit, "knows no such recovery kit"),
    ];
    for (cli, kit, reason) in cases {
        let line = cli.run_with(&["auth", "recover", "--kit", "-"], kit.as_bytes()).fails(3);
        assert!(line.contains(reason), "{line}");
    }
    machine(&org, NEXT).run(&["auth", "recover"]).fails(2);
    let wrong_org = machine(&other, NEXT).var("API_STRONGHOLD_ACCOUNT_KEY", text(&recovered, "account_key"));
    let line = wrong_org.run(&["auth", "login", "--email", EMAIL]).fails(3);
    assert!(line.contains("password or the account key is wrong"), "{line}");
    org.owner.json(&["user", "remove", EMAIL, "--yes"]);
    machine(&org, NEXT).run_with(&["auth", "recover", "--kit", "-"], kit.as_bytes()).fails(3);
}

/// A server that gives one person what it keeps of another, or something that it made up, is one plain error for whoever signs in
/// or recovers: refused, where it looks like a wrong password; an integrity violation, where the password opened it.
#[test]
fn a_server_that_swaps_records_is_one_plain_error() {
    let mut org = Org::start();
    let (_, shown) = joined(&org, "editor");
    let (key, kit) = (text(&shown, "account_key").to_owned(), text(&shown, "recovery_kit").to_owned());
    let database = org.server.data_dir().join("stronghold.db");
    // Column, what it is replaced with, and the exit codes of signing in and of recovering.
    let owners = |column: &str| format!("(SELECT {column} FROM passwords WHERE user <> ?1)");
    let bent = |column: &str| format!("CAST({column} || x'00' AS BLOB)");
    let cases = [
        ("record", owners("record"), 3, 0),
        ("envelope", owners("envelope"), 5, 0),
        ("envelope", bent("envelope"), 5, 0),
        ("recovery", owners("recovery"), 0, 5),
        ("recovery", bent("recovery"), 0, 5),
    ];
    let user = shown["user_id"].as_str().unwrap().replace('-', "");
    let user = data_encoding::HEXLOWER.decode(user.as_bytes()).unwrap();
    org.server.stop();
    let kept = fs::read(&database).unwrap();
    for (column, with, signs_in, recovers) in cases {
        fs::write(&database, &kept).unwrap();
        let changed = rusqlite::Connection::open(&database).unwrap();
        let sql = format!("UPDATE passwords SET {column} = {with} WHERE user = ?1");
        assert_eq!(changed.execute(&sql, [&user]).unwrap(), 1, "{sql}");
        drop(changed);
        org.server.start_again();
        let recover = machine(&org, NEXT).var("API_STRONGHOLD_RECOVERY_KIT", &kit);
        // Signing in first: recovering replaces what it needs.
        for (run, code) in [(login(&org, &key, FIRST), signs_in), (recover.run(&["auth", "recover"]), recovers)] {
            match code {
                0 => drop(run.succeeds()),
                code => {
                    let line = run.fails(code);
                    let said = if code == 3 { "password or the account key is wrong" } else { "integrity violation" };
                    assert!(line.contains(said), "{with}: {line}");
                }
            }
        }
        org.server.stop();
    }
}

#[test]
fn nobody_loses_their_keys_to_a_sheet_that_cannot_be_written() {
    let org = Org::start();
    let invited = org.owner.json(&["user", "invite", EMAIL]);
    let nowhere = org.folder().join("missing").join("kit.txt");
    let cli = machine(&org, FIRST).var("API_STRONGHOLD_INVITE", text(&invited, "code"));
    let accept = ["--json", "user", "accept", "--email", EMAIL, "--recovery-kit"];
    let line = cli.run(&[&accept[..], &[nowhere.to_str().unwrap()]].concat()).fails(1);
    assert!(line.contains("cannot be written"), "{line}");
    // Nothing was done: the invitation is still good. What fails only later is a warning beside the keys.
    let shown = cli.run(&[&accept[..], &["/dev/full"]].concat()).succeeds();
    assert!(shown.messages().contains("cannot be written"), "{}", shown.messages());
    org.owner.json(&["user", "confirm", EMAIL, "--yes"]);
    login(&org, text(&shown.json(), "account_key"), FIRST).succeeds();
}

/// What a scanner reads off the sheet: two rows of the code stand in one line of half blocks.
fn scanned(sheet: &str) -> String {
    let is_code = |line: &&str| !line.is_empty() && line.chars().all(|char| " █▀▄".contains(char));
    let lines: Vec<Vec<char>> = sheet.lines().filter(is_code).map(|line| line.chars().collect()).collect();
    let width = lines.iter().map(Vec::len).max().unwrap();
    const SCALE: usize = 4;
    let dark = |column: usize, row: usize| {
        let block = lines.get(row / 2).and_then(|line| line.get(column));
        // Ink is dark.
        matches!((block, row % 2), (Some('█'), _) | (Some('▀'), 0) | (Some('▄'), 1))
    };
    let pixel = |x: usize, y: usize| if dark(x / SCALE, y / SCALE) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width * SCALE, lines.len() * 2 * SCALE, pixel);
    let grids = image.detect_grids();
    grids[0].decode().unwrap().1
}
