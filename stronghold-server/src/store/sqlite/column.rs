//! Between SQLite's values and the protocol's types. What cannot be what was written is damage, never a panic.

use crate::store::StoreError;
use rusqlite::{ErrorCode, Row};
use stronghold_protocol::{
    id::{AgentId, PrincipalId, UserId},
    number::NumberOutOfRange,
    time::Timestamp,
};

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        match &error {
            Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged(error.to_string()),
                _ => Self::Database(error.to_string()),
            },
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Self::Damaged(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// An integer as SQLite holds it. The protocol's numbers are below 2^53; anything larger is beyond every row.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A `LIMIT`.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A column that counts.
///
/// # Errors
/// [`StoreError::Damaged`] when it is negative or no integer.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| StoreError::Damaged(format!("{number} where a count should be")))
}

/// A column with one of the protocol's numbers.
///
/// # Errors
/// [`StoreError::Damaged`] when it is not below 2^53.
pub(super) fn number<T>(
    row: &Row<'_>,
    column: usize,
    wrap: impl FnOnce(u64) -> Result<T, NumberOutOfRange>,
) -> Result<T, StoreError> {
    wrap(count(row, column)?).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// A column with a time.
///
/// # Errors
/// [`StoreError::Damaged`] outside the years 1970 to 9999.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, StoreError> {
    millis(row.get(column)?)
}

/// A column with a time, or none.
///
/// # Errors
/// [`StoreError::Damaged`] outside the years 1970 to 9999.
pub(super) fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, StoreError> {
    row.get::<_, Option<i64>>(column)?.map(millis).transpose()
}

fn millis(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millis(millis).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Two columns, kind and id of a principal.
///
/// # Errors
/// [`StoreError::Damaged`] when the kind is unknown.
pub(super) fn principal(row: &Row<'_>, kind: usize, id: usize) -> Result<PrincipalId, StoreError> {
    let id = row.get(id)?;
    match row.get_ref(kind)?.as_str() {
        Ok("user") => Ok(UserId::from_bytes(id).into()),
        Ok("agent") => Ok(AgentId::from_bytes(id).into()),
        _ => Err(StoreError::Damaged("a principal of an unknown kind".to_owned())),
    }
}
