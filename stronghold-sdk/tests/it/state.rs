//! What is remembered: it only rises, also when many write at once, and damage is never passed over.

use proptest::prelude::*;
use std::{fs, thread};
use stronghold_sdk::{
    Error,
    protocol::{
        crypto::hash::Hash,
        directory::HeaderRef,
        evidence::ProfileFloor,
        id::{OrgId, ProfileId},
        name::Name,
        number::{Epoch, Revision, RosterVersion, Seq},
    },
    state::{Remembered, StateDir},
};

fn org() -> OrgId {
    OrgId([9; 32])
}

fn profile(number: u8) -> ProfileId {
    let mut bytes = [0; 16];
    (bytes[6], bytes[8], bytes[15]) = (0x70, 0x80, number);
    ProfileId::from_bytes(bytes)
}

prop_compose! {
    fn floor()(id in 0..3_u8, revision in 1..6_u64, epoch in 1..4_u64, known in any::<bool>()) -> ProfileFloor {
        ProfileFloor {
            id: profile(id),
            name: Name::new("production").unwrap(),
            revision: Revision::new(revision).unwrap(),
            epoch: Epoch::new(epoch).unwrap(),
            // One manifest a revision, as in a world without a fork.
            manifest: known.then_some(Hash([u8::try_from(revision).unwrap(); 32])),
        }
    }
}

prop_compose! {
    fn seen()(
        header in proptest::option::of(0..6_u64),
        roster in proptest::option::of(1..6_u64),
        floors in proptest::collection::vec(floor(), 0..4),
    ) -> Remembered {
        let header = header.map(|seq| HeaderRef {
            seq: Seq::new(seq).unwrap(),
            hash: Hash([u8::try_from(seq).unwrap(); 32]),
        });
        let mut seen = Remembered { header, roster: roster.map(|version| RosterVersion::new(version).unwrap()), profiles: Vec::new(), checkpoint: None };
        // Of each profile at most one floor, as a client has it.
        for floor in floors {
            if seen.profiles.iter().all(|known| known.id != floor.id) {
                seen.profiles.push(floor);
            }
        }
        seen
    }
}

/// Sorted, so that two can be compared.
fn sorted(mut remembered: Remembered) -> Remembered {
    remembered.profiles.sort_by_key(|floor| floor.id);
    remembered
}

fn find(remembered: &Remembered, id: ProfileId) -> &ProfileFloor {
    remembered.profiles.iter().find(|floor| floor.id == id).unwrap()
}

proptest! {
    #[test]
    fn it_only_rises_whatever_comes_in_whatever_order(all in proptest::collection::vec(seen(), 1..6)) {
        let mut forward = Remembered::default();
        for seen in &all {
            let before = forward.clone();
            forward.raise(seen);
            for old in [&before, seen] {
                prop_assert!(forward.header.map(|header| header.seq) >= old.header.map(|header| header.seq));
                prop_assert!(forward.roster >= old.roster);
                for floor in &old.profiles {
                    let now = find(&forward, floor.id);
                    prop_assert!(now.revision >= floor.revision && now.epoch >= floor.epoch);
                }
            }
            for floor in &forward.profiles {
                // A manifest's hash stays with its own revision.
                let own = Hash([u8::try_from(floor.revision.get()).unwrap(); 32]);
                prop_assert!(floor.manifest.is_none_or(|hash| hash == own));
            }
        }
        let mut backward = Remembered::default();
        all.iter().rev().for_each(|seen| backward.raise(seen));
        prop_assert_eq!(sorted(forward), sorted(backward));
    }
}

#[test]
fn many_that_save_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::new(folder.path().join("made").join("on demand"));
    thread::scope(|scope| {
        for number in 0..8_u8 {
            let state = state.clone();
            scope.spawn(move || {
                for revision in 1..=10 {
                    let floor = ProfileFloor {
                        id: profile(number),
                        name: Name::new("production").unwrap(),
                        revision: Revision::new(revision).unwrap(),
                        epoch: Epoch::new(1).unwrap(),
                        manifest: None,
                    };
                    let seen = Remembered { profiles: vec![floor], ..Remembered::default() };
                    state.save(&org(), &seen, false).unwrap();
                }
            });
        }
    });
    let remembered = state.load(&org()).unwrap();
    assert_eq!(remembered.profiles.len(), 8);
    assert!(remembered.profiles.iter().all(|floor| floor.revision.get() == 10));
}

#[test]
fn what_is_damaged_is_an_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::new(folder.path().to_owned());
    let seen = Remembered { roster: Some(RosterVersion::new(2).unwrap()), ..Remembered::default() };
    state.save(&org(), &seen, false).unwrap();
    assert_eq!(state.load(&org()).unwrap(), seen);
    assert_eq!(state.load(&OrgId([8; 32])).unwrap(), Remembered::default());
    let file = folder.path().join(format!("floors-{}.json", org()));
    for damage in [&b""[..], b"{}}", b"{\"roster\": \"two\"}", b"\xff\0"] {
        fs::write(&file, damage).unwrap();
        assert!(matches!(state.load(&org()), Err(Error::Invalid(_))));
        assert!(matches!(state.save(&org(), &seen, false), Err(Error::Invalid(_))));
        assert_eq!(fs::read(&file).unwrap(), damage);
    }
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let state = StateDir::new(file.join("below"));
    assert!(matches!(state.save(&org(), &Remembered::default(), false), Err(Error::State { .. })));
}
