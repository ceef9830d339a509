//! The makers of `docs/vectors`, from fixed seeds: what a file says is compared byte for byte with what the code makes.

mod directory;
mod evidence;
mod genesis;
mod history;
mod logs;
mod maker;
mod manifest;
mod partial;
mod proofs;
mod rosters;
mod scalars;
mod signed;
mod strict;
mod texts;

use crate::vectors::run::run;
use maker::Maker;

/// A file of this name; `about` says what the members of a case mean.
fn maker(kind: &'static str, about: &str) -> Maker {
    Maker::new(kind, run, about)
}
