//! What the rewriting makes of sources: the rewritten program is compiled and run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod checks;
mod mutants;
mod program;
