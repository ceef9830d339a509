//! The test kit's instruments must find what is there, or the tests that rely on them show nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod proxy;
mod scan;
