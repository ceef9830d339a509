//! An entry of a store, read by the test itself.

use super::{
    branch::{Hash, Id},
    seen::Seen,
};
use serde_json::Value;
use std::collections::BTreeMap;
use stronghold_sdk::protocol::{directory::HeaderRef, evidence::ProfileFloor};

/// What a store must hold: the end of the one history, and the end of each profile's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    header: Option<(usize, Hash)>,
    profiles: BTreeMap<Id, (String, usize, Hash)>,
}

impl Entry {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let entry: Value = serde_json::from_slice(bytes).unwrap();
        let header: Option<HeaderRef> = serde_json::from_value(entry["header"].clone()).unwrap();
        let profiles: Vec<ProfileFloor> = serde_json::from_value(entry["profiles"].clone()).unwrap();
        let number = |number: u64| usize::try_from(number).unwrap();
        Self {
            header: header.map(|header| (number(header.seq.get()) + 1, header.hash.0)),
            profiles: profiles
                .into_iter()
                .map(|floor| {
                    let shown = (floor.name.to_string(), number(floor.revision.get()), floor.manifest.unwrap().0);
                    (*floor.id.as_bytes(), shown)
                })
                .collect(),
        }
    }

    pub(crate) fn of(seen: &Seen) -> Self {
        assert!(seen.histories.len() <= 1, "a store never holds two histories");
        Self {
            header: seen.histories.first().map(|history| (history.len(), *history.last().unwrap())),
            profiles: seen
                .profiles
                .iter()
                .map(|(id, shown)| (*id, (shown.name.clone(), shown.revisions.len(), *shown.revisions.last().unwrap())))
                .collect(),
        }
    }
}
