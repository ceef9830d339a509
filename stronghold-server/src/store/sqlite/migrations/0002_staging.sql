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

-- A version of an epoch is written once.
CREATE UNIQUE INDEX entries_by_version ON entries (org, profile, secret, version, epoch);

-- What is staged for a profile's new epoch, by attempt: the entries to be.
CREATE TABLE staged (
    org         INTEGER NOT NULL REFERENCES orgs (number),
    profile     BLOB    NOT NULL CHECK (length(profile) = 16),
    author      BLOB    NOT NULL CHECK (length(author) = 32),
    staging     BLOB    NOT NULL CHECK (length(staging) = 16),
    secret      BLOB    NOT NULL CHECK (length(secret) = 16),
    epoch       INTEGER NOT NULL CHECK (epoch >= 1),
    blind_index BLOB    NOT NULL CHECK (length(blind_index) = 32),
    version     INTEGER NOT NULL,
    ciphertexts BLOB    NOT NULL CHECK (length(ciphertexts) = 32),
    PRIMARY KEY (org, profile, author, staging, secret)
) STRICT, WITHOUT ROWID;

-- Profiles whose writes wait for the author of a statement that has to vouch for the newest revision.
CREATE TABLE holds (
    org     INTEGER NOT NULL REFERENCES orgs (number),
    profile BLOB    NOT NULL CHECK (length(profile) = 16),
    author  BLOB    NOT NULL CHECK (length(author) = 32),
    until   INTEGER NOT NULL,
    PRIMARY KEY (org, profile)
) STRICT, WITHOUT ROWID;
