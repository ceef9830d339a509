//! The makers of the files of `docs/vectors` that are about ciphertexts, whole replies, references and kept files, from fixed
//! seeds: what a file says is compared byte for byte with what the code makes.

mod ciphers;
mod files;
#[path = "../../../stronghold-protocol/tests/it/golden/maker.rs"]
mod maker;
pub(crate) mod references;
mod replies;

use crate::vectors::run::run;
use maker::Maker;

/// A file of this name; `about` says what the members of a case mean.
fn maker(kind: &'static str, about: &str) -> Maker {
    Maker::new(kind, run, about)
}
