//! The list of lies: each has a name, a line, and something that must come of it for every client.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use stronghold_hostile::{Client, Expected, Lie};

#[test]
fn every_lie_has_a_name_of_its_own_and_a_line() {
    let names: BTreeSet<&str> = Lie::ALL.iter().map(|lie| lie.name()).collect();
    let lines: BTreeSet<&str> = Lie::ALL.iter().map(|lie| lie.what()).collect();
    assert_eq!((names.len(), lines.len()), (Lie::ALL.len(), Lie::ALL.len()));
    for lie in Lie::ALL {
        assert_eq!(Lie::named(lie.name()), Some(*lie));
        assert!(lie.what().ends_with('.') && !lie.what().starts_with(' '), "{}", lie.what());
    }
    assert_eq!(Lie::named("Truth"), None);
}

/// A lie that can be told to nobody is none.
#[test]
fn every_lie_can_be_told_to_somebody() {
    for lie in Lie::ALL {
        let told = Client::ALL.iter().filter(|client| !matches!(client.expects(*lie), Expected::Untold(_))).count();
        assert!(told > 0, "{}", lie.name());
    }
}
