//! Whether the seals that a statement makes necessary are there.

use super::gate::Refused;
use crate::store::Tx;
use std::collections::BTreeSet;
use stronghold_protocol::{
    directory::{Change, Directory},
    problem::{Problem, ProblemCode},
    seal::{Seal, SealId},
    time::Timestamp,
};

/// How far the clocks of author and server may differ where it matters whether an agent has expired.
const TOLERANCE_MILLIS: i64 = 15 * 60 * 1000;
/// Largest seal, in bytes; HPKE's is 1120 bytes of encapsulated key, 32 of content and 16 of tag.
const SEAL_BYTES: usize = 2048;
/// How many seals are looked up at once.
const CHUNK: usize = 500;

/// Checks that `sent`, with what is stored, holds every seal that `changes` make necessary, and nothing besides.
///
/// # Errors
/// [`Refused`] with `missing_seals`, `too_large` or `invalid_statement`.
pub(super) fn check_seals(
    tx: &mut dyn Tx,
    before: Option<&Directory>,
    after: &Directory,
    changes: &[Change],
    sent: &[Seal],
    now: Timestamp,
) -> Result<(), Refused> {
    let wanted_at = |moved: i64| -> BTreeSet<SealId> {
        let wanted = after.wanted_seals(before, changes, now.plus_millis(moved));
        wanted.into_iter().map(|wanted| wanted.id).collect()
    };
    let (early, at, late) = (wanted_at(-TOLERANCE_MILLIS), wanted_at(0), wanted_at(TOLERANCE_MILLIS));
    let given: BTreeSet<SealId> = sent.iter().map(|seal| seal.id).collect();
    if given.len() != sent.len() || sent.iter().any(|seal| !fits(&seal.id, [&early, &at, &late])) {
        let detail = "a seal is sent twice, or is not one that the statement makes necessary";
        return Err(Problem::new(ProblemCode::InvalidStatement, detail).into());
    }
    if sent.iter().any(|seal| seal.sealed.0.len() > SEAL_BYTES) {
        return Err(Problem::new(ProblemCode::TooLarge, "a seal is larger than a sealed key can be").into());
    }
    let missing: Vec<SealId> = at.intersection(&late).filter(|id| !given.contains(id)).copied().collect();
    let mut stored = BTreeSet::new();
    for chunk in missing.chunks(CHUNK) {
        stored.extend(tx.seals(&after.org(), chunk)?.into_iter().map(|seal| seal.id));
    }
    let missing = missing.iter().filter(|id| !stored.contains(id)).count();
    if missing > 0 {
        let detail = format!("{missing} sealed keys that the statement makes necessary were not sent");
        return Err(Problem::new(ProblemCode::MissingSeals, detail).into());
    }
    Ok(())
}

fn fits(id: &SealId, wanted: [&BTreeSet<SealId>; 3]) -> bool {
    wanted.iter().any(|wanted| wanted.contains(id))
}
