//! What a service knows of a store that was restored from a backup.

use crate::store::{StoreError, Tx};
use stronghold_protocol::time::Timestamp;

/// Name of the value that holds when the store was restored.
pub(crate) const RESTORED_AT: &str = "restored-at";

/// The value for a time.
pub(crate) fn restored_value(at: Timestamp) -> [u8; 8] {
    at.as_millis().to_be_bytes()
}

/// When the store was restored from a backup; none where it never was.
///
/// # Errors
/// [`StoreError`] when it cannot be read, or is no time.
pub(super) fn restored_at(tx: &mut dyn Tx) -> Result<Option<Timestamp>, StoreError> {
    let damaged = || StoreError::Damaged("the time at which the store was restored".to_owned());
    let Some(value) = tx.server_value(RESTORED_AT)? else { return Ok(None) };
    let millis = value.try_into().map(i64::from_be_bytes).map_err(|_| damaged())?;
    Timestamp::from_millis(millis).map(Some).map_err(|_| damaged())
}
