-- From where each user's last log-ins were completed: whoever else tries an account does not keep them out.
CREATE TABLE login_sources (
    org    INTEGER NOT NULL REFERENCES orgs (number),
    user   BLOB    NOT NULL CHECK (length(user) = 16),
    -- An IPv4 address, or the network of 64 bits of an IPv6 one.
    source TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (org, user, source)
) STRICT, WITHOUT ROWID;
