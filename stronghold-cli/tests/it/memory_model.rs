//! Memory with real processes: databases that are put back between commands, and commands that are killed in the middle.
//!
//! The model keeps the whole history of statements and revisions that each client was shown, read from the database by the test
//! itself, and says at every step whether a command is accepted.

mod database;
mod model;
mod played;

use played::Play;
use std::fs;
use stronghold_testkit::Org;

/// How many histories there are.
const HISTORIES: u64 = 20;
/// How many steps each has.
const STEPS: usize = 30;

#[test]
fn real_processes_accept_what_the_model_allows() {
    let mut play = Play::new(Org::start());
    for seed in 1..=HISTORIES {
        play.history(seed, STEPS);
    }
    play.say();
    for kind in ["accepted", "refused", "killed"] {
        assert!(play.count(kind) >= HISTORIES, "too few are {kind}");
    }
}

/// After reading and writing revision 5, a database put back to revision 4 is refused by every command, and nothing is signed
/// on top of it.
#[test]
fn a_person_goes_behind_nothing_that_they_read_or_wrote() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"2")]);
    let group = org.group(&[&profile]);
    org.push(&profile, &[("KEY", b"3")]);
    org.push(&profile, &[("KEY", b"4")]);
    let file = org.server.data_dir().join("stronghold.db");
    org.server.stop();
    let backup = org.folder();
    database::copy(org.server.data_dir(), &backup);
    org.server.start_again();
    let pushed = org.push(&profile, &[("KEY", b"5")]);
    assert_eq!(pushed["revision"], 5);
    assert_eq!(org.owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text().trim_end(), "5");

    org.server.stop();
    fs::remove_dir_all(org.server.data_dir()).unwrap();
    database::copy(&backup, org.server.data_dir());
    org.server.start_again();
    let before = database::Database::read(&file);
    org.owner.run(&["env", "pull", "--profile", &profile]).fails(5);
    org.owner.run(&["secret", "get", "KEY", "--profile", &profile]).fails(5);
    org.owner.run_with(&["secret", "set", "KEY", "--profile", &profile, "--stdin"], b"6").fails(5);
    org.owner.run(&["agent", "create", "late", "--group", &group]).fails(5);
    let after = database::Database::read(&file);
    assert_eq!(before, after, "nothing was stated or written, and so nothing vouched for");
}
