//! What the fuzz targets check: no input panics, and whatever is accepted keeps the promise of its decoder.
//!
//! Each target is a module with `samples`, genuine inputs made by the code under test, and `check`, which says whether an
//! input was accepted. A target first asserts that all its samples are accepted, so that a decoder that refuses everything
//! is found at once; then libFuzzer mutates them. Samples are made, not stored: a change of a format leaves none behind.

mod documents;
mod formats;
mod objects;
mod people;
mod proofs;
mod requests;
mod samples;
mod world;

pub use documents::{api, evidence};
pub use formats::{dotenv, heads, json_format, sealed_secret};
pub use objects::{body, directory, header, manifest, roster, signed_object};
pub use people::{acceptance, key_request};
pub use proofs::proof;
pub use requests::{audit_record, checkpoint, receipt, signature_headers, token};
pub use samples::{assert_accepted, mutate};

/// The fuzz target of one module of this crate.
#[macro_export]
macro_rules! target {
    ($target:ident) => {
        libfuzzer_sys::fuzz_target!(
            init: stronghold_fuzz::assert_accepted(stronghold_fuzz::$target::samples, stronghold_fuzz::$target::check),
            |data: &[u8]| {
                stronghold_fuzz::$target::check(data);
            }
        );
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            stronghold_fuzz::mutate(stronghold_fuzz::$target::samples, data, size, max_size, seed)
        });
    };
}
