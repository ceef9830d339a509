//! Tests of the protocol through its public items only.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod acceptance;
mod approval_words;
mod approvals;
mod attacks;
mod attacks_endings;
mod attacks_mixed;
mod audit;
mod checkpoint;
mod directory;
mod directory_lookups;
mod directory_properties;
mod directory_refusals;
mod directory_rekeys;
mod directory_rules;
mod directory_world;
mod evidence;
mod evidence_bytes;
mod evidence_partial;
mod evidence_world;
mod golden;
mod history;
mod independent;
mod key_request;
mod manifest;
mod merkle;
mod merkle_consistency;
mod merkle_independent;
mod number;
mod password;
mod problem;
mod published;
mod published_opaque;
mod receipt;
mod request;
mod request_properties;
mod request_values;
mod roster;
mod signed;
mod strict;
mod strict_samples;
mod targets;
mod token;
mod token_vectors;
mod vectors;
mod vectors_request;
mod visible;
mod wire;
