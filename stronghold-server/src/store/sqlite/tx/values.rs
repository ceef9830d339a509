//! The server's own: setup codes, values, and whether it can be written.

use super::SqliteTx;
use crate::store::StoreError;
use rusqlite::{OptionalExtension, params};
use stronghold_protocol::{crypto::hash::Hash, time::Timestamp};

impl SqliteTx<'_> {
    pub(super) fn insert_setup_code(&mut self, code: &Hash, at: Timestamp) -> Result<(), StoreError> {
        let mut insert = self.prepare("INSERT INTO setup_codes (hash, at) VALUES (?1, ?2)")?;
        insert.execute(params![code.0, at.as_millis()])?;
        Ok(())
    }

    pub(super) fn select_setup_code(&mut self, code: &Hash) -> Result<bool, StoreError> {
        let mut select = self.prepare("SELECT EXISTS (SELECT 1 FROM setup_codes WHERE hash = ?1 AND used = 0)")?;
        Ok(select.query_row([code.0], |row| row.get(0))?)
    }

    pub(super) fn use_setup_code(&mut self, code: &Hash) -> Result<bool, StoreError> {
        let mut update = self.prepare("UPDATE setup_codes SET used = 1 WHERE hash = ?1 AND used = 0")?;
        Ok(update.execute([code.0])? == 1)
    }

    pub(super) fn select_any_setup_code(&mut self) -> Result<bool, StoreError> {
        let mut select = self.prepare("SELECT EXISTS (SELECT 1 FROM setup_codes)")?;
        Ok(select.query_row([], |row| row.get(0))?)
    }

    pub(super) fn select_server_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut select = self.prepare("SELECT value FROM server_values WHERE name = ?1")?;
        Ok(select.query_row([name], |row| row.get(0)).optional()?)
    }

    pub(super) fn insert_server_value(&mut self, name: &str, value: &[u8]) -> Result<bool, StoreError> {
        let mut insert =
            self.prepare("INSERT INTO server_values (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        Ok(insert.execute(params![name, value])? == 1)
    }

    /// Writes something that means nothing, to learn whether writing works.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub(in crate::store::sqlite) fn check_writable(&mut self) -> Result<(), StoreError> {
        self.prepare("UPDATE readiness SET checks = checks + 1")?.execute([])?;
        Ok(())
    }
}
