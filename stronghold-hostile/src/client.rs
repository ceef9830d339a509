//! To whom lies are told, and what must come of it.

use crate::Lie;

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Client {
    /// The command line, as an agent.
    CliAgent,
    /// The command line, as a person.
    CliPerson,
    /// The SDK's agent, in one process with the server.
    SdkAgent,
    /// The SDK's session, in one process with the server.
    SdkSession,
    /// The package in Node: its agent.
    NodeAgent,
    /// The package in Node: its session.
    NodeSession,
    /// The console in a browser.
    Console,
}

/// What must come of a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An integrity error (exit code 5), nothing written, nothing remembered.
    Refused,
    /// An error of that kind or another, since it need not be an answer of ours; nothing written, nothing remembered.
    NotBelieved,
    /// It changes nothing that decides: the truth comes out. Why.
    Harmless(&'static str),
    /// It cannot be told to this client. Why.
    Untold(&'static str),
}

impl Client {
    /// All of them, in the order of the matrix.
    pub const ALL: [Self; 7] = [
        Self::CliAgent,
        Self::CliPerson,
        Self::SdkAgent,
        Self::SdkSession,
        Self::NodeAgent,
        Self::NodeSession,
        Self::Console,
    ];

    /// Its column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CliAgent => "CLI agent",
            Self::CliPerson => "CLI person",
            Self::SdkAgent => "SDK agent",
            Self::SdkSession => "SDK session",
            Self::NodeAgent => "Node agent",
            Self::NodeSession => "Node session",
            Self::Console => "console",
        }
    }

    /// Whether it only ever is an agent.
    const fn is_agent(self) -> bool {
        matches!(self, Self::CliAgent | Self::SdkAgent | Self::NodeAgent)
    }

    /// Whether no connection is between it and the server.
    const fn is_in_process(self) -> bool {
        matches!(self, Self::SdkAgent | Self::SdkSession)
    }

    /// What must come of a lie that is told to it while it remembers the truth.
    #[must_use]
    pub fn expects(self, lie: Lie) -> Expected {
        if lie.is_of_the_connection() {
            // An answer of the protocol's media type that is too large is told by its length.
            let too_large = matches!(lie, Lie::Endless | Lie::Oversized);
            return if self.is_in_process() {
                Expected::Untold("there is no connection within one process")
            } else if too_large {
                Expected::Refused
            } else {
                Expected::NotBelieved
            };
        }
        match lie {
            Lie::ReorderedStatements | Lie::SkippedStatement if self.is_agent() => {
                Expected::Untold("an agent sees one statement, and proofs of others")
            }
            Lie::KeyOfPerson | Lie::KeyOfAgent | Lie::KeyOfGroup | Lie::KeyOfInvitee if self.is_agent() => {
                Expected::Untold("an agent is shown no keys but the roster's, and seals nothing")
            }
            Lie::CheckpointBack
            | Lie::CheckpointForked
            | Lie::RecordMissing
            | Lie::RecordAltered
            | Lie::ReadNotMade
                if self.is_agent() =>
            {
                Expected::Untold("an agent reads no audit log")
            }
            Lie::OldRoster if !self.is_agent() => {
                Expected::Untold("a person replays the directory up to the roster in force")
            }
            Lie::WeakerArgon2 if self.is_agent() => Expected::Untold("an agent has no password"),
            Lie::Clock => Expected::Harmless("no time of a server's decides anything"),
            _ => Expected::Refused,
        }
    }
}
