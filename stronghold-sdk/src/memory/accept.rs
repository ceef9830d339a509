//! What a person accepts by hand.

use super::{Memory, Remembered};
use crate::error::Error;
use stronghold_protocol::{id::ProfileId, name::Name};

impl Memory {
    /// Lets a name stand for a profile from now on: other profiles that had it are forgotten.
    ///
    /// # Errors
    /// As [`Self::recall`], and [`Error::State`] when the store cannot be written.
    pub(crate) async fn accept_name(&self, name: &Name, now: ProfileId) -> Result<(), Error> {
        let forget = |remembered: &mut Remembered| {
            remembered.profiles.retain(|known| known.id == now || known.name != *name);
        };
        forget(&mut self.held().known);
        self.rewrite(&forget).await
    }
}
