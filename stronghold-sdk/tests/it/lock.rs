//! Lock files as text: what is written is read again, and nothing else is taken for one.

use proptest::prelude::*;
use stronghold_sdk::{
    lock::Lock,
    protocol::{
        crypto::hash::Hash,
        directory::HeaderRef,
        evidence::{ProfileFloor, ProfileSelector},
        id::{OrgId, ProfileId},
        name::Name,
        number::{Epoch, Revision, Seq},
    },
};

fn floor(number: u8, revision: u64) -> ProfileFloor {
    ProfileFloor {
        id: ProfileId::from_bytes([number; 16]),
        name: Name::new(&format!("profile {number}")).unwrap(),
        revision: Revision::new(revision).unwrap(),
        epoch: Epoch::FIRST,
        manifest: Some(Hash([number; 32])),
    }
}

fn header(seq: u64) -> HeaderRef {
    HeaderRef { seq: Seq::new(seq).unwrap(), hash: Hash([seq as u8; 32]) }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(floors in prop::collection::vec((any::<u8>(), 1_u64..1000), 0..8), seq in 1_u64..200) {
        let mut lock = Lock::new(OrgId([7; 32]), header(1));
        for (number, revision) in floors {
            lock.put(header(seq), floor(number, revision));
            let profile = lock.profiles.iter().filter(|known| known.id == ProfileId::from_bytes([number; 16]));
            prop_assert_eq!(profile.map(|known| known.revision.get()).collect::<Vec<_>>(), [revision]);
            let selector = ProfileSelector::Id(ProfileId::from_bytes([number; 16]));
            prop_assert!(lock.check(&OrgId([7; 32]), &selector).is_ok());
            prop_assert!(lock.check(&OrgId([8; 32]), &selector).is_err());
        }
        prop_assert_eq!(Lock::parse(lock.to_text().unwrap().as_bytes()).unwrap(), lock);
    }

    #[test]
    fn nothing_else_is_one(text in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        prop_assert!(Lock::parse(&text).is_err());
        let mut lock = Lock::new(OrgId([7; 32]), header(3));
        lock.put(header(4), floor(1, 2));
        let mut changed = lock.to_text().unwrap().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        // Whatever is still a lock is written as it was read.
        if let Ok(read) = Lock::parse(&changed) {
            prop_assert_eq!(Lock::parse(read.to_text().unwrap().as_bytes()).unwrap(), read);
        }
    }
}
