//! Placeholder.
/// Placeholder.
#[derive(Debug)]
pub struct ReadPermit(());
