//! The lies, by name.

macro_rules! lies {
    ($($(#[doc = $what:literal])+ $name:ident,)+) => {
        /// One thing that a server does which is not true.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Lie {
            $($(#[doc = $what])+ $name,)+
        }

        impl Lie {
            /// All of them, in the order of the table in `docs/attacks.md`.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name, as the program takes it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// What it is, in a line.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($what),+).trim(),)+
                }
            }
        }
    };
}

lies! {
    /// Another organization's genesis in the place of this one's.
    AnotherGenesis,
    /// Another organization of the same name, whole.
    AnotherOrganization,
    /// The newest statement without a signature.
    UnsignedStatement,
    /// The newest statement with a false signature.
    WronglySignedStatement,
    /// The newest statement signed by a key of the server's.
    SelfSignedStatement,
    /// The newest statement with the server's signature in an owner's name.
    StatementInAnothersName,
    /// An earlier statement once more.
    ReplayedStatement,
    /// The last two statements in the other order.
    ReorderedStatements,
    /// A statement left out.
    SkippedStatement,
    /// Another statement in the place of the newest one.
    ForkedStatement,
    /// A statement that makes an agent of the server's a member of every group.
    GhostMember,
    /// A key of the server's in the place of a person's.
    KeyOfPerson,
    /// A key of the server's in the place of an agent's.
    KeyOfAgent,
    /// A key of the server's in the place of a group's.
    KeyOfGroup,
    /// A key of the server's in the place of an invitee's.
    KeyOfInvitee,
    /// A group's seed of the server's, rightly sealed to the caller, and a master key sealed to that.
    GroupKeyOfTheServer,
    /// A master key of the server's, rightly sealed to the group.
    MasterKeyOfTheServer,
    /// A seal for another recipient.
    SealForAnother,
    /// A revision under a master key of the server's, sealed to the group, with a manifest that an admin signed.
    WrongKeyRightlySigned,
    /// The values of two secrets exchanged.
    SwappedValues,
    /// The names of two secrets exchanged.
    SwappedNames,
    /// The ciphertexts of a secret's name and value exchanged.
    SwappedParts,
    /// Two secrets under each other's ids.
    SwappedIds,
    /// A secret left out.
    DroppedSecret,
    /// A secret twice.
    DoubledSecret,
    /// A secret more.
    AddedSecret,
    /// The secrets in another order.
    ReorderedSecrets,
    /// The secret of the same name from another profile.
    SecretOfAnotherProfile,
    /// A secret's old version within the newest revision.
    OldVersion,
    /// A whole old revision, with everything that proved it then.
    OldRevision,
    /// A whole old revision under the newest statement.
    OldRevisionUnderNewStatement,
    /// A newer revision that a stranger signed.
    ManifestByStranger,
    /// A newer revision that an editor of another profile signed.
    ManifestByEditorElsewhere,
    /// A newer revision that an editor signed who was removed.
    ManifestByRemovedEditor,
    /// Another profile's revision.
    ManifestOfAnotherProfile,
    /// Another organization's revision.
    ManifestOfAnotherOrganization,
    /// The names of two profiles exchanged.
    SwappedProfileNames,
    /// A statement that an admin signed who was removed.
    StatementByRemovedAdmin,
    /// A statement of an admin's with another root over the profiles.
    WrongStateRoot,
    /// The roster of before.
    OldRoster,
    /// A roster with an owner of the server's, which an admin signed and no owner.
    RosterBelowThreshold,
    /// The same with one key's signature twice.
    RosterKeyTwice,
    /// A roster that allows a weaker suite.
    WeakerSuite,
    /// A cost of hashing passwords that the server names.
    WeakerArgon2,
    /// A signed payload with a blank more.
    NotCanonical,
    /// An answer with a member twice.
    MemberTwice,
    /// A payload with a member twice, which an admin signed.
    SignedMemberTwice,
    /// One history for one client, and another for the next.
    ForkedViews,
    /// A checkpoint of the audit log with fewer records than before.
    CheckpointBack,
    /// A checkpoint of another log of the same length.
    CheckpointForked,
    /// An audit record left out.
    RecordMissing,
    /// An audit record with another address.
    RecordAltered,
    /// An audit record of a read that an agent did not make, in a log that the server signed anew.
    ReadNotMade,
    /// A clock that is years ahead.
    Clock,
    /// An answer that never ends.
    Endless,
    /// An answer of which a byte comes now and then.
    Slow,
    /// An answer that breaks off.
    Truncated,
    /// An answer larger than any of the protocol.
    Oversized,
    /// A small answer that unpacks to a large one.
    Bomb,
    /// A redirection elsewhere.
    Redirection,
    /// An error whose text steers a terminal.
    EscapesInError,
    /// An error that is a page of HTML.
    HtmlError,
    /// One table of the database as it was before.
    TableBack,
    /// Every table of the database as it was before, but one.
    AllTablesBackButOne,
    /// The whole database as it was before.
    DatabaseBack,
}

impl Lie {
    /// The lie of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|lie| lie.name() == name)
    }

    /// Whether it is done to the connection, and not to what an answer says.
    #[must_use]
    pub const fn is_of_the_connection(self) -> bool {
        matches!(
            self,
            Self::Endless
                | Self::Slow
                | Self::Truncated
                | Self::Oversized
                | Self::Bomb
                | Self::Redirection
                | Self::EscapesInError
                | Self::HtmlError
        )
    }

    /// Whether it is told by a server on other data, and not by changing answers.
    #[must_use]
    pub const fn is_of_the_database(self) -> bool {
        matches!(self, Self::ForkedViews | Self::TableBack | Self::AllTablesBackButOne | Self::DatabaseBack)
    }
}
