//! Benchmarks only: see `opening.rs`. Every figure is a ratio against a baseline of the same run.
