-- Ciphertexts that are encrypted anew lie beside the current ones until a revision of the new epoch takes all of them at once.

-- The hash of both ciphertexts joins the key, so that authors who encrypt the same version anew at the same time do not
-- overwrite each other's.
CREATE TABLE hashed_ciphertexts (
    org         INTEGER NOT NULL REFERENCES orgs (number),
    profile     BLOB    NOT NULL CHECK (length(profile) = 16),
    secret      BLOB    NOT NULL CHECK (length(secret) = 16),
    version     INTEGER NOT NULL CHECK (version >= 1),
    epoch       INTEGER NOT NULL CHECK (epoch >= 1),
    ciphertexts BLOB    NOT NULL CHECK (length(ciphertexts) = 32),
    meta        BLOB    NOT NULL,
    value       BLOB    NOT NULL,
    PRIMARY KEY (org, profile, secret, version, epoch, ciphertexts)
) STRICT;
INSERT INTO hashed_ciphertexts (org, profile, secret, version, epoch, ciphertexts, meta, value)
    SELECT org, profile, secret, version, epoch, e.ciphertexts, meta, value
    FROM ciphertexts JOIN entries AS e USING (org, profile, secret, version, epoch);
DROP TABLE ciphertexts;
ALTER TABLE hashed_ciphertexts RENAME TO ciphertexts;

-- A generation is one encryption of a whole profile: that of an epoch in which nothing was staged is all zeros, otherwise it is
-- the staging that a revision took. A revision holds the entries of its epoch and generation, so a new one ends all others
-- without touching them: taking what was staged is short, however much it is.
ALTER TABLE revisions ADD COLUMN generation BLOB NOT NULL DEFAULT x'00000000000000000000000000000000'
    CHECK (length(generation) = 16);

-- Which revisions of their epoch and generation hold which ciphertext: those from from_revision on, before to_revision where
-- that is known. Those of a generation that no revision has are staged.
CREATE TABLE generation_entries (
    org           INTEGER NOT NULL REFERENCES orgs (number),
    profile       BLOB    NOT NULL CHECK (length(profile) = 16),
    epoch         INTEGER NOT NULL CHECK (epoch >= 1),
    generation    BLOB    NOT NULL CHECK (length(generation) = 16),
    secret        BLOB    NOT NULL CHECK (length(secret) = 16),
    from_revision INTEGER NOT NULL,
    to_revision   INTEGER CHECK (to_revision > from_revision),
    blind_index   BLOB    NOT NULL CHECK (length(blind_index) = 32),
    version       INTEGER NOT NULL,
    -- Hash of both ciphertexts, so that a manifest is checked without reading them.
    ciphertexts   BLOB    NOT NULL CHECK (length(ciphertexts) = 32),
    PRIMARY KEY (org, profile, epoch, generation, secret, from_revision)
) STRICT, WITHOUT ROWID;
INSERT INTO generation_entries
        (org, profile, epoch, generation, secret, from_revision, to_revision, blind_index, version, ciphertexts)
    SELECT org, profile, epoch, x'00000000000000000000000000000000',
           secret, from_revision, to_revision, blind_index, version, ciphertexts
    FROM entries;
DROP TABLE entries;
ALTER TABLE generation_entries RENAME TO entries;
CREATE UNIQUE INDEX current_entries_by_name ON entries (org, profile, epoch, generation, blind_index)
    WHERE to_revision IS NULL;
-- A version is written once in a generation; and all versions of a secret are found, whatever their generation.
CREATE UNIQUE INDEX entries_by_version ON entries (org, profile, secret, version, epoch, generation);

-- Generations that no revision has yet, and whose they are.
CREATE TABLE stagings (
    org     INTEGER NOT NULL REFERENCES orgs (number),
    profile BLOB    NOT NULL CHECK (length(profile) = 16),
    staging BLOB    NOT NULL CHECK (length(staging) = 16),
    author  BLOB    NOT NULL CHECK (length(author) = 32),
    epoch   INTEGER NOT NULL CHECK (epoch >= 1),
    -- How many secrets were staged, replaced ones included.
    staged  INTEGER NOT NULL,
    PRIMARY KEY (org, profile, staging)
) STRICT, WITHOUT ROWID;

-- Profiles whose writes wait for the author of a statement that has to vouch for the newest revision.
CREATE TABLE holds (
    org     INTEGER NOT NULL REFERENCES orgs (number),
    profile BLOB    NOT NULL CHECK (length(profile) = 16),
    author  BLOB    NOT NULL CHECK (length(author) = 32),
    until   INTEGER NOT NULL,
    PRIMARY KEY (org, profile)
) STRICT, WITHOUT ROWID;
