//! The token that makes a program an agent.

use super::{
    InvalidToken, TokenFloor, TokenKind, TokenUrl,
    codec::{Reader, Writer},
};
use crate::id::{AgentId, OrgId};
use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// An agent token. Its seed is wiped when dropped and hidden from `Debug`.
#[derive(Clone)]
pub struct AgentToken {
    /// Which agent.
    pub agent: AgentId,
    /// Its organization: the hash of the root of trust.
    pub org: OrgId,
    /// The seed of the agent's keys (32 bytes).
    pub seed: Zeroizing<[u8; 32]>,
    /// The header at which the token was made.
    pub floor: TokenFloor,
    /// Where the server probably is.
    pub url: Option<TokenUrl>,
}

impl AgentToken {
    /// The string to give to the agent.
    #[must_use]
    pub fn to_secret_string(&self) -> SecretString {
        let writer = Writer::new(TokenKind::Agent)
            .field(self.agent.as_bytes())
            .field(self.org.as_bytes())
            .field(self.seed.as_slice());
        TokenUrl::write(self.url.as_ref(), self.floor.write(writer)).finish()
    }

    /// Reads the string.
    ///
    /// # Errors
    /// [`InvalidToken`] says what is wrong without repeating any of it.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        let mut reader = Reader::new(TokenKind::Agent, text)?;
        let token = Self {
            agent: AgentId::from_bytes(reader.array()?),
            org: OrgId(reader.array()?),
            seed: reader.secret()?,
            floor: TokenFloor::read(&mut reader)?,
            url: TokenUrl::read(&mut reader)?,
        };
        reader.finish()?;
        Ok(token)
    }
}

impl fmt::Debug for AgentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentToken")
            .field("agent", &self.agent)
            .field("org", &self.org)
            .field("seed", &"[REDACTED]")
            .field("floor", &self.floor)
            .field("url", &self.url)
            .finish()
    }
}
