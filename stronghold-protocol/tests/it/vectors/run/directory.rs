//! Replaying statements.

use super::{Came, told, why};
use crate::vectors::protocol::{
    crypto::hash::Hash,
    directory::{Directory, HeaderRef, ProfileLeaf, Statement},
    id::OrgId,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statements {
    org: OrgId,
    statements: Vec<Statement>,
}

/// What holds after the last statement.
#[derive(Serialize)]
struct State {
    head: HeaderRef,
    log_root: Hash,
    state_root: Hash,
    leaves: Vec<ProfileLeaf>,
}

/// Replays statements from the genesis on.
pub(super) fn replay(case: Statements) -> Came {
    let (genesis, later) = case.statements.split_first().ok_or_else(|| why("there is no statement"))?;
    let mut state = Directory::genesis(genesis, &case.org).map_err(why)?;
    for statement in later {
        state = state.append(statement).map_err(why)?;
    }
    told(State {
        head: state.head(),
        log_root: state.header_log().root(),
        state_root: state.state_root(),
        leaves: state.profiles().filter_map(|profile| state.leaf(&profile.id)).collect(),
    })
}
