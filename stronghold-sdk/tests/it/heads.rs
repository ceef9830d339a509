//! Heads files as text: what is written is read again, a lock file is told apart, and nothing else is taken for one. And what
//! relations come to.

use proptest::prelude::*;
use serde_json::{Value, json};
use stronghold_sdk::{
    heads::{ComparedLog, Comparison, Heads, OtherView, Relation, Verdict},
    lock::Lock,
    protocol::{
        checkpoint::Checkpoint,
        crypto::hash::Hash,
        directory::HeaderRef,
        evidence::ProfileFloor,
        id::{OrgId, ProfileId},
        name::Name,
        number::{Epoch, Revision, RosterVersion, Seq},
        roster::RosterRef,
    },
};

fn header(seq: u64) -> HeaderRef {
    HeaderRef { seq: Seq::new(seq).unwrap(), hash: Hash([3; 32]) }
}

fn floor(number: u8, revision: u64, known: bool) -> ProfileFloor {
    ProfileFloor {
        id: ProfileId::from_bytes([1, 0x9b, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number]),
        name: Name::new(&format!("profile {number}")).unwrap(),
        revision: Revision::new(revision).unwrap(),
        epoch: Epoch::FIRST,
        manifest: known.then_some(Hash([number; 32])),
    }
}

fn heads(floors: Vec<ProfileFloor>, seq: u64, size: u64) -> Heads {
    let checkpoint = Checkpoint { org: OrgId([7; 32]), size, root: Hash([5; 32]), directory: header(seq) };
    Heads::new(header(seq), RosterRef { version: RosterVersion::FIRST, hash: Hash([1; 32]) }, floors, checkpoint)
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        floors in prop::collection::btree_map(any::<u8>(), (1_u64..1000, any::<bool>()), 0..8),
        seq in 0_u64..1000,
        size in 0_u64..1_000_000,
    ) {
        let floors = floors.into_iter().map(|(number, (revision, known))| floor(number, revision, known));
        let heads = heads(floors.collect(), seq, size);
        let text = heads.to_text().unwrap();
        prop_assert_eq!(&Heads::parse(text.as_bytes()).unwrap(), &heads);
        let other = OtherView::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(other.known.checkpoint, Some(heads.checkpoint));
        prop_assert_eq!(&other.known.profiles, &heads.profiles);
        prop_assert!(Lock::parse(text.as_bytes()).is_err());
    }

    #[test]
    fn a_lock_file_is_a_view_too(revision in 1_u64..1000, seq in 0_u64..1000) {
        let mut lock = Lock::new(OrgId([7; 32]), header(seq));
        lock.put(header(seq), floor(1, revision, true));
        let text = lock.to_text().unwrap();
        let other = OtherView::parse(text.as_bytes()).unwrap();
        prop_assert_eq!((other.org_id, other.known), (lock.org_id, lock.to_remembered()));
        prop_assert!(Heads::parse(text.as_bytes()).is_err());
    }

    #[test]
    fn anything_else_is_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(OtherView::parse(&text).is_err());
    }

    #[test]
    fn numbers_are_ordered(known in 0_u64..1000, shown in 0_u64..1000) {
        let relation = Relation::of_numbers(known, shown);
        prop_assert_eq!(relation.verdict() == Verdict::Older, shown < known);
        let back = match relation {
            Relation::Ahead(by) => known + by,
            Relation::Behind(by) => known - by,
            _ => known,
        };
        prop_assert_eq!(back, shown);
    }
}

/// Each of these is one step away from a genuine file.
#[test]
fn it_is_strict() {
    let genuine: Value =
        serde_json::from_str(&heads(vec![floor(1, 2, true), floor(2, 1, true)], 4, 9).to_text().unwrap()).unwrap();
    assert!(Heads::parse(genuine.to_string().as_bytes()).is_ok());
    let twice = genuine["profiles"][0].clone();
    type Change<'a> = (&'a str, &'a dyn Fn(&mut Value));
    let changes: [Change<'_>; 7] = [
        ("another format", &|value| value["format"] = json!(2)),
        ("an unknown member", &|value| value["more"] = json!(1)),
        ("no roster", &|value| drop(value.as_object_mut().unwrap().remove("roster"))),
        ("roster 0", &|value| value["roster"] = json!(0)),
        ("revision 0", &|value| value["profiles"][0]["revision"] = json!(0)),
        ("a profile twice", &|value| value["profiles"].as_array_mut().unwrap().push(twice.clone())),
        ("another organization's log", &|value| value["checkpoint"]["org"] = json!(OrgId([8; 32]))),
    ];
    for (what, change) in changes {
        let mut value = genuine.clone();
        change(&mut value);
        assert!(OtherView::parse(value.to_string().as_bytes()).is_err(), "{what}");
    }
}

/// One's own audit log that does not continue is an older one's; another client's is a fork.
#[test]
fn an_audit_log_counts_by_whose_it_is() {
    let log = |relation| Comparison {
        audit: Some(ComparedLog { known: 5, shown: 7, relation, kept: Some(3) }),
        ..Comparison::default()
    };
    let forked = log(Relation::Forked);
    assert_eq!((forked.verdict(), forked.verdict_of_memory()), (Verdict::Forked, Verdict::Older));
    let ahead = log(Relation::Ahead(2));
    assert_eq!((ahead.verdict(), ahead.verdict_of_memory()), (Verdict::Same, Verdict::Same));
    assert_eq!(Comparison::default().verdict(), Verdict::Same);
}
