//! What the benchmarks share. Every figure is a ratio against a baseline of the same run.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a benchmark stops at the first surprise")]

pub mod attack;
pub mod bare;
pub mod served;
pub mod world;
