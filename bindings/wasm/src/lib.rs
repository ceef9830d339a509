//! The SDK for browsers and Node.
//!
//! A [`Session`] is a signed-in person at work, an [`Agent`] reads secrets by its token. Keys, passwords and sealed secrets
//! stay in the memory of the module and are wiped when a session or agent is closed; what goes out to JavaScript is what
//! somebody asked to see: names, and the values, tokens and kits that are shown. JavaScript's strings cannot be wiped, so ask
//! for them late and forget them early.
//!
//! Every call may run while others do: those of one session wait for each other. What is thrown is an `Error` named
//! `StrongholdError` with the members `kind`, `code`, `advice` and `conflict`. The interface, for people, is
//! `types.d.ts` beside this crate's manifest.

mod account;
mod agent;
mod agents;
mod audit;
mod convert;
mod edit;
mod error;
mod groups;
mod history;
mod memory;
mod organization;
mod people;
mod profiles;
mod session;
mod shown;
mod vectors;
mod wipe;

pub use agent::{Agent, Secrets};
pub use session::Session;
pub use vectors::Vectors;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once when the module is loaded: a defect of ours says where it is.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
