//! sdk
pub mod crypto;
