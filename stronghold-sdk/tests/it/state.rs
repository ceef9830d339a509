//! What is remembered: it only rises, also when many write at once, and damage is never passed over.

use crate::world::{Wire, World};
use proptest::prelude::*;
use std::{fs, thread};
use stronghold_sdk::{
    Error,
    admin::Session,
    memory::{InProcess, MemoryStore, Remembered, StateFolder},
    protocol::{
        crypto::hash::Hash,
        directory::HeaderRef,
        evidence::ProfileFloor,
        id::{OrgId, ProfileId},
        name::Name,
        number::{Epoch, Revision, RosterVersion, Seq},
        roster::RosterRef,
    },
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
        let mut seen = Remembered { header, roster: roster.map(roster_of), profiles: Vec::new(), checkpoint: None };
        // Of each profile at most one floor, as a client has it.
        for floor in floors {
            if seen.profiles.iter().all(|known| known.id != floor.id) {
                seen.profiles.push(floor);
            }
        }
        seen
    }
}

fn roster_of(version: u64) -> RosterRef {
    RosterRef { version: RosterVersion::new(version).unwrap(), hash: Hash([u8::try_from(version).unwrap(); 32]) }
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
            forward.raise(seen).unwrap();
            for old in [&before, seen] {
                prop_assert!(forward.header.map(|header| header.seq) >= old.header.map(|header| header.seq));
                prop_assert!(forward.roster.map(|roster| roster.version) >= old.roster.map(|roster| roster.version));
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
        all.iter().rev().for_each(|seen| backward.raise(seen).unwrap());
        prop_assert_eq!(sorted(forward), sorted(backward));
    }
}

/// What two processes verified of two histories is never joined: at the first thing that is not one, nothing is taken over.
#[test]
fn two_histories_are_never_joined() {
    let header = |byte| HeaderRef { seq: Seq::new(3).unwrap(), hash: Hash([byte; 32]) };
    let roster = |byte| RosterRef { hash: Hash([byte; 32]), ..roster_of(2) };
    let floor = |byte| ProfileFloor {
        id: profile(1),
        name: Name::new("production").unwrap(),
        revision: Revision::new(4).unwrap(),
        epoch: Epoch::new(1).unwrap(),
        manifest: Some(Hash([byte; 32])),
    };
    let known = |header, roster, floor| Remembered {
        header: Some(header),
        roster: Some(roster),
        profiles: vec![floor],
        checkpoint: None,
    };
    let mine = known(header(1), roster(1), floor(1));
    let theirs = [
        known(header(2), roster(1), floor(1)),
        known(header(1), roster(2), floor(1)),
        known(header(1), roster(1), floor(2)),
    ];
    for other in theirs {
        let mut joined = mine.clone();
        joined.raise(&other).unwrap_err();
        assert_eq!(joined, mine);
    }
}

fn bytes(remembered: &Remembered) -> Vec<u8> {
    serde_json::to_vec(remembered).unwrap()
}

/// Compares and swaps until it is in, as every client does.
async fn save(state: &StateFolder, seen: &Remembered) -> Result<(), Error> {
    loop {
        let before = state.load(&org()).await?;
        let mut merged = Remembered::load(state, &org()).await?;
        merged.raise(seen).unwrap();
        if state.swap(&org(), before.as_deref(), &bytes(&merged)).await? {
            return Ok(());
        }
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn many_that_save_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::new(folder.path().join("made").join("on demand"));
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
                    wait(save(&state, &seen)).unwrap();
                }
            });
        }
    });
    let remembered = wait(Remembered::load(&state, &org())).unwrap();
    assert_eq!(remembered.profiles.len(), 8);
    assert!(remembered.profiles.iter().all(|floor| floor.revision.get() == 10));
}

#[tokio::test]
async fn what_is_damaged_is_an_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::new(folder.path().to_owned());
    let seen = Remembered { roster: Some(roster_of(2)), ..Remembered::default() };
    save(&state, &seen).await.unwrap();
    assert_eq!(Remembered::load(&state, &org()).await.unwrap(), seen);
    assert_eq!(Remembered::load(&state, &OrgId([8; 32])).await.unwrap(), Remembered::default());
    let file = folder.path().join(format!("floors-{}.json", org()));
    for damage in [&b""[..], b"{}}", b"{\"roster\": \"two\"}", b"\xff\0"] {
        fs::write(&file, damage).unwrap();
        assert!(matches!(Remembered::load(&state, &org()).await, Err(Error::Invalid(_))));
        assert!(matches!(save(&state, &seen).await, Err(Error::Invalid(_))));
        assert_eq!(fs::read(&file).unwrap(), damage);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let state = StateFolder::new(file.join("below"));
    assert!(matches!(state.swap(&org(), None, b"{}").await, Err(Error::State { .. })));
}

#[tokio::test]
async fn memory_in_a_process_is_compared_and_swapped() {
    let store = InProcess::default();
    assert!(store.swap(&org(), None, b"one").await.unwrap());
    assert!(!store.swap(&org(), None, b"two").await.unwrap());
    assert!(!store.swap(&org(), Some(b"two"), b"three").await.unwrap());
    assert_eq!(store.load(&org()).await.unwrap().as_deref(), Some(&b"one"[..]));
    assert!(store.swap(&org(), Some(b"one"), b"two").await.unwrap());
    assert_eq!(store.load(&OrgId([8; 32])).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_needs_a_place_to_remember() {
    let world = World::new().await;
    let opened = Session::<Wire>::builder(&world.owner).open(world.client()).await;
    assert!(matches!(opened.err(), Some(Error::Invalid(_))));
}
