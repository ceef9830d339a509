//! From a sealed profile to its secrets: every check, then opening. The only place where plaintext appears.

mod decryptor;
mod keys;
mod profile;
pub(crate) mod receipt;
mod secrets;

pub use decryptor::{IdentityDecryptor, SecretDecryptor};
pub use keys::{PlainSecret, ProfileKey, SecretKind};
pub use profile::{OpenedProfile, Want, open_part, open_profile};
pub use secrets::{Secret, Secrets};
