//! The identities that are signed in, in one file that only its owner can read.

use crate::{failure::Failure, files};
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};
use stronghold_sdk::{
    admin::Account,
    protocol::{
        directory::HeaderRef,
        encoding::decode_base64url,
        id::{AgentId, OrgId, UserId},
        json::{self, by_kind},
        name::Email,
    },
};
use zeroize::Zeroizing;

const FILE_NAME: &str = "credentials.json";

/// The signed-in identities of a configuration folder; at most one is active.
#[derive(Debug)]
pub(crate) struct Credentials {
    folder: PathBuf,
    stored: Stored,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    active: Option<String>,
    identities: Vec<Identity>,
}

by_kind! {
    /// A signed-in identity.
    #[derive(Clone)]
    pub(crate) enum Identity {
        /// An agent.
        Agent {
            /// Its id.
            id: AgentId,
            /// Its organization.
            org: OrgId,
            /// Its name, where the server told it.
            name: Option<String>,
            /// The server's address, where it is not the token's own.
            url: Option<String>,
            /// Its token.
            token: String,
        },
        /// A person.
        User {
            /// Their id.
            id: UserId,
            /// Their organization.
            org: OrgId,
            /// Their address.
            email: String,
            /// The server's address.
            url: Option<String>,
            /// Their seed, base64url.
            seed: String,
            /// A header that is known to exist.
            floor: HeaderRef,
        },
    }
}

impl Identity {
    /// The id, as text: unique.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Agent { id, .. } => id.to_string(),
            Self::User { id, .. } => id.to_string(),
        }
    }

    /// `agent` or `user`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::User { .. } => "user",
        }
    }

    /// The agent's name or the person's address.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Agent { name, .. } => name.as_deref(),
            Self::User { email, .. } => Some(email),
        }
    }

    /// The organization.
    pub(crate) const fn org(&self) -> OrgId {
        match self {
            Self::Agent { org, .. } | Self::User { org, .. } => *org,
        }
    }

    /// A header that is known to exist, of a person.
    const fn floor(&self) -> Option<HeaderRef> {
        match self {
            Self::Agent { .. } => None,
            Self::User { floor, .. } => Some(*floor),
        }
    }

    /// A person's account, opened.
    pub(crate) fn account(&self) -> Result<Account, Failure> {
        let damaged =
            |error: &dyn std::error::Error| Failure::local("the stored credentials are damaged; sign in again", error);
        match self {
            Self::Agent { .. } => Err(Failure::refused("agents only read: this needs a person")),
            Self::User { id, org, email, seed, floor, .. } => Ok(Account {
                org: *org,
                user: *id,
                email: Email::new(email).map_err(|error| damaged(&error))?,
                seed: Zeroizing::new(decode_base64url(seed).map_err(|error| damaged(&error))?),
                floor: *floor,
            }),
        }
    }

    /// The server's address, where it is known.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Agent { url, .. } | Self::User { url, .. } => url.as_deref(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({} {})", self.kind(), self.id())
    }
}

impl Credentials {
    /// Reads the folder's credentials; a folder without any has none.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let file = folder.join(FILE_NAME);
        let stored = match fs::read(&file) {
            Ok(bytes) => json::from_slice(&bytes).map_err(|_| {
                Failure::invalid(format!("{} is damaged", file.display())).with_hint("Delete it and sign in again.")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Stored { version: 1, ..Stored::default() },
            Err(error) => return Err(Failure::local(format!("{} cannot be read", file.display()), &error)),
        };
        if stored.version != 1 {
            return Err(Failure::invalid(format!("{} was written by a newer version", file.display()))
                .with_hint("Upgrade api-stronghold-cli."));
        }
        Ok(Self { folder: folder.to_owned(), stored })
    }

    /// Where the credentials are kept.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    /// The active identity.
    pub(crate) fn active(&self) -> Option<&Identity> {
        let active = self.stored.active.as_ref()?;
        self.stored.identities.iter().find(|identity| identity.id() == *active)
    }

    /// All identities.
    pub(crate) fn all(&self) -> &[Identity] {
        &self.stored.identities
    }

    /// Adds an identity, in place of one with the same id, and makes it the active one. A person's floor never goes down:
    /// what a server gives at a log-in may be older than what this machine knows.
    pub(crate) fn sign_in(&mut self, mut identity: Identity) -> Result<(), Failure> {
        let id = identity.id();
        if let Identity::User { floor, .. } = &mut identity {
            let known = self.stored.identities.iter().filter(|known| known.id() == id).filter_map(Identity::floor);
            *floor = known.chain([*floor]).max_by_key(|floor| floor.seq).unwrap_or(*floor);
        }
        self.stored.identities.retain(|known| known.id() != id);
        self.stored.identities.push(identity);
        self.stored.active = Some(id);
        self.save()
    }

    /// Lets no person of an organization stand on a header beyond `head`: for a server that lost what came after it, where
    /// that was accepted.
    pub(crate) fn go_back(&mut self, org: &OrgId, head: HeaderRef) -> Result<(), Failure> {
        let mut lowered = false;
        for identity in &mut self.stored.identities {
            if let Identity::User { org: of, floor, .. } = identity
                && of == org
                && floor.seq > head.seq
            {
                *floor = head;
                lowered = true;
            }
        }
        if lowered { self.save() } else { Ok(()) }
    }

    /// Makes another identity the active one.
    pub(crate) fn switch(&mut self, text: &str) -> Result<Identity, Failure> {
        let identity = self.find(text)?.clone();
        self.stored.active = Some(identity.id());
        self.save()?;
        Ok(identity)
    }

    /// Forgets an identity: the named one, or the active one.
    pub(crate) fn sign_out(&mut self, text: Option<&str>) -> Result<Identity, Failure> {
        let identity = match text {
            Some(text) => self.find(text)?.clone(),
            None => self.active().cloned().ok_or_else(Failure::signed_out)?,
        };
        let id = identity.id();
        self.stored.identities.retain(|known| known.id() != id);
        if self.stored.active.as_ref() == Some(&id) {
            self.stored.active = None;
        }
        self.save()?;
        Ok(identity)
    }

    /// Forgets all identities.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        self.stored = Stored { version: 1, ..Stored::default() };
        self.save()
    }

    fn find(&self, text: &str) -> Result<&Identity, Failure> {
        let matches = |identity: &&Identity| identity.id() == text || identity.name() == Some(text);
        let mut found = self.stored.identities.iter().filter(matches);
        match (found.next(), found.next()) {
            (Some(identity), None) => Ok(identity),
            (Some(_), Some(_)) => {
                Err(Failure::usage(format!("several identities are called {text:?}; name one by its id")))
            }
            (None, _) => Err(Failure::not_found("signed-in identity", text)),
        }
    }

    fn save(&self) -> Result<(), Failure> {
        create_private_folder(&self.folder)?;
        let bytes = serde_json::to_vec_pretty(&self.stored)
            .map_err(|error| Failure::local("the credentials cannot be written", &error))?;
        files::write_private(&self.path(), &bytes)
    }
}

/// Creates a folder that only its owner can enter, with its parents.
pub(crate) fn create_private_folder(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::local(format!("the folder {} cannot be made", folder.display()), &error))
}
