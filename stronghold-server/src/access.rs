//! Who may do what: the route table, the order of refusal after a signature verified, and the permit to read.
//!
//! The table in `routes.rs` is what is enforced, tested and documented; what is not in it is refused. The order is
//! fixed (`docs/protocol.md`, section 12): framing and size; rate by address; signature; clock; nonce; status; access.

mod action;
mod denials;
mod openapi;
mod permit;
mod rate;
mod routes;
mod standing;

pub use action::Action;
pub use denials::{Denial, Denials};
pub use openapi::openapi_document;
pub(crate) use openapi::openapi_text;
pub use permit::{HistoryPermit, ReadPermit};
pub use rate::{Bucket, RateLimit, RateLimiter, RateState, Source};
pub use routes::{Callers, Found, Parameter, Route, find_route, routes};
pub(crate) use standing::check_standing;
pub use standing::{Caller, CallerKind};
