-- Ids are their 16 raw bytes, hashes and organization ids 32, times milliseconds since 1970-01-01T00:00:00Z.
-- Rows of an organization carry its number here instead of its 32 bytes: every table and index is smaller for it.

-- The head row: whatever changes an organization's directory, status or log changes it.
CREATE TABLE orgs (
    number           INTEGER PRIMARY KEY,
    id               BLOB    NOT NULL UNIQUE CHECK (length(id) = 32),
    created_at       INTEGER NOT NULL,
    seq              INTEGER NOT NULL CHECK (seq >= 0),
    hash             BLOB    NOT NULL CHECK (length(hash) = 32),
    records          INTEGER NOT NULL DEFAULT 0 CHECK (records >= 0),
    newest_record_at INTEGER,
    -- Root of the audit log's Merkle tree over all records; null where no checkpoint was ever made.
    audit_root       BLOB    CHECK (length(audit_root) = 32)
) STRICT;

-- The directory: the exact JSON of each statement.
CREATE TABLE statements (
    org   INTEGER NOT NULL REFERENCES orgs (number),
    seq   INTEGER NOT NULL,
    hash  BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes BLOB    NOT NULL,
    PRIMARY KEY (org, seq)
) STRICT;

-- Used nonces: what makes a replay impossible, in the same transaction as the record of the request.
CREATE TABLE nonces (
    org   INTEGER NOT NULL REFERENCES orgs (number),
    key   BLOB    NOT NULL CHECK (length(key) = 32),
    nonce BLOB    NOT NULL CHECK (length(nonce) = 16),
    at    INTEGER NOT NULL,
    PRIMARY KEY (org, key, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_age ON nonces (at);

-- When each principal was last served, as of which statement, and how many reads it used.
CREATE TABLE principals (
    org          INTEGER NOT NULL REFERENCES orgs (number),
    kind         TEXT    NOT NULL CHECK (kind IN ('user', 'agent')),
    id           BLOB    NOT NULL CHECK (length(id) = 16),
    last_seen_at INTEGER,
    seq          INTEGER,
    uses         INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
    PRIMARY KEY (org, kind, id)
) STRICT, WITHOUT ROWID;

-- Sealed keys, at most one for each object, epoch and recipient. Too large for WITHOUT ROWID to pay.
CREATE TABLE seals (
    org       INTEGER NOT NULL REFERENCES orgs (number),
    kind      TEXT    NOT NULL CHECK (kind IN ('group_seed', 'profile_key', 'history_key')),
    object    BLOB    NOT NULL CHECK (length(object) = 16),
    epoch     INTEGER NOT NULL,
    recipient BLOB    NOT NULL CHECK (length(recipient) = 32),
    sealed    BLOB    NOT NULL,
    PRIMARY KEY (org, kind, object, epoch, recipient)
) STRICT;

-- Each epoch's encrypted keys of the epoch before.
CREATE TABLE key_histories (
    org     INTEGER NOT NULL REFERENCES orgs (number),
    profile BLOB    NOT NULL CHECK (length(profile) = 16),
    epoch   INTEGER NOT NULL,
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (org, profile, epoch)
) STRICT, WITHOUT ROWID;

-- Every revision of every profile; the newest is the profile's head.
CREATE TABLE revisions (
    org            INTEGER NOT NULL REFERENCES orgs (number),
    profile        BLOB    NOT NULL CHECK (length(profile) = 16),
    revision       INTEGER NOT NULL CHECK (revision >= 1),
    manifest       BLOB    NOT NULL CHECK (length(manifest) = 32),
    manifest_bytes BLOB    NOT NULL,
    epoch          INTEGER NOT NULL CHECK (epoch >= 1),
    count          INTEGER NOT NULL CHECK (count >= 0),
    at             INTEGER NOT NULL,
    PRIMARY KEY (org, profile, revision)
) STRICT;

-- Every ciphertext that a revision ever held. Encrypting anew keeps secret and version, and changes the epoch.
CREATE TABLE ciphertexts (
    org     INTEGER NOT NULL REFERENCES orgs (number),
    profile BLOB    NOT NULL CHECK (length(profile) = 16),
    secret  BLOB    NOT NULL CHECK (length(secret) = 16),
    version INTEGER NOT NULL CHECK (version >= 1),
    epoch   INTEGER NOT NULL CHECK (epoch >= 1),
    meta    BLOB    NOT NULL,
    value   BLOB    NOT NULL,
    PRIMARY KEY (org, profile, secret, version, epoch)
) STRICT;

-- Which revisions hold which ciphertext: those from from_revision on, before to_revision where that is known.
-- So any past revision can be put together again, and the newest is what the partial indexes hold.
CREATE TABLE entries (
    org           INTEGER NOT NULL REFERENCES orgs (number),
    profile       BLOB    NOT NULL CHECK (length(profile) = 16),
    secret        BLOB    NOT NULL CHECK (length(secret) = 16),
    from_revision INTEGER NOT NULL,
    to_revision   INTEGER CHECK (to_revision > from_revision),
    blind_index   BLOB    NOT NULL CHECK (length(blind_index) = 32),
    version       INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    -- Hash of both ciphertexts, so that a manifest is checked without reading them.
    ciphertexts   BLOB    NOT NULL CHECK (length(ciphertexts) = 32),
    PRIMARY KEY (org, profile, secret, from_revision)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX current_entries_by_name ON entries (org, profile, blind_index) WHERE to_revision IS NULL;
CREATE UNIQUE INDEX current_entries_by_secret ON entries (org, profile, secret) WHERE to_revision IS NULL;

-- The exact bytes of each audit record: they are what counts.
CREATE TABLE audit_bytes (
    number INTEGER PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

-- The audit log: what records are found by. Every request of a principal adds a row, so each tree here grows at its end
-- only. An index by principal or profile would change a page anywhere at each request; a search reads these narrow rows
-- instead, backwards from the newest or within a time.
CREATE TABLE audit_records (
    org            INTEGER NOT NULL REFERENCES orgs (number),
    position       INTEGER NOT NULL CHECK (position >= 0),
    id             BLOB    NOT NULL CHECK (length(id) = 16),
    at             INTEGER NOT NULL,
    principal_kind TEXT    CHECK (principal_kind IN ('user', 'agent')),
    principal      BLOB    CHECK (length(principal) = 16),
    key            BLOB    NOT NULL CHECK (length(key) = 32),
    action         TEXT    NOT NULL,
    profile        BLOB    CHECK (length(profile) = 16),
    allowed        INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    leaf           BLOB    NOT NULL CHECK (length(leaf) = 32),
    bytes          INTEGER NOT NULL,
    PRIMARY KEY (org, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_records_by_time ON audit_records (org, at);
CREATE INDEX audit_records_denied ON audit_records (org, position) WHERE allowed = 0;

-- How users log in: OPAQUE password file, the account's envelope, and the seed sealed to the recovery kit.
CREATE TABLE passwords (
    org      INTEGER NOT NULL REFERENCES orgs (number),
    user     BLOB    NOT NULL CHECK (length(user) = 16),
    record   BLOB    NOT NULL,
    envelope BLOB    NOT NULL,
    recovery BLOB    NOT NULL,
    PRIMARY KEY (org, user)
) STRICT;

-- Log-ins that were started. The organization may not exist: the answer must not tell.
CREATE TABLE login_attempts (
    name       BLOB    NOT NULL PRIMARY KEY,
    org        BLOB    NOT NULL CHECK (length(org) = 32),
    user       BLOB    NOT NULL CHECK (length(user) = 16),
    state      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_attempts_by_expiry ON login_attempts (expires_at);

-- Hashes of one-time setup codes, used ones included.
CREATE TABLE setup_codes (
    hash BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    at   INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The server's own values.
CREATE TABLE server_values (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- One row that is written to learn whether writing works.
CREATE TABLE readiness (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    checks INTEGER NOT NULL
) STRICT;
INSERT INTO readiness (one, checks) VALUES (1, 0);
