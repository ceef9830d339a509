//! The reference server of Stronghold, as a library: stores, checks and audits what it cannot read.
//!
//! [`service::Service`] is the whole behaviour without HTTP; [`http`] is a thin adapter that any warp or hyper server can
//! mount. Arrows point one way: `http -> service -> access -> audit -> store`. [`console`] holds the files of the web
//! console and knows nothing of the service. Nothing here can open a secret: the crates that could are not even linked.

pub mod access;
pub mod audit;
pub mod backup;
pub mod config;
pub mod console;
pub mod http;
pub mod log;
pub mod service;
pub mod shown;
pub mod store;
