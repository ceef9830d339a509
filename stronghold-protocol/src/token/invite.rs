//! The code by which a person joins an organization, passed outside the server.

use super::{
    InvalidToken, TokenFloor, TokenKind, TokenUrl,
    codec::{Reader, Writer},
};
use crate::id::{InviteId, OrgId};
use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// An invitation code. Its seed is wiped when dropped and hidden from `Debug`.
#[derive(Clone)]
pub struct InviteCode {
    /// The organization: the hash of the root of trust.
    pub org: OrgId,
    /// Which invitation.
    pub invite: InviteId,
    /// The seed of the key that signs the acceptance (32 bytes).
    pub seed: Zeroizing<[u8; 32]>,
    /// The header at which the invitation was made.
    pub floor: TokenFloor,
    /// Where the server probably is.
    pub url: Option<TokenUrl>,
}

impl InviteCode {
    /// The string to give to the invited person.
    #[must_use]
    pub fn to_secret_string(&self) -> SecretString {
        let writer = Writer::new(TokenKind::Invite)
            .field(self.org.as_bytes())
            .field(self.invite.as_bytes())
            .field(self.seed.as_slice());
        TokenUrl::write(self.url.as_ref(), self.floor.write(writer)).finish()
    }

    /// Reads the string.
    ///
    /// # Errors
    /// [`InvalidToken`] says what is wrong without repeating any of it.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        let mut reader = Reader::new(TokenKind::Invite, text)?;
        let code = Self {
            org: OrgId(reader.array()?),
            invite: InviteId::from_bytes(reader.array()?),
            seed: reader.secret()?,
            floor: TokenFloor::read(&mut reader)?,
            url: TokenUrl::read(&mut reader)?,
        };
        reader.finish()?;
        Ok(code)
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InviteCode")
            .field("org", &self.org)
            .field("invite", &self.invite)
            .field("seed", &"[REDACTED]")
            .field("floor", &self.floor)
            .field("url", &self.url)
            .finish()
    }
}
