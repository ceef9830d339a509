-- New keys that members asked for, as they were signed, with what the account is to hold once they are confirmed.
CREATE TABLE key_requests (
    org      INTEGER NOT NULL REFERENCES orgs (number),
    user     BLOB    NOT NULL CHECK (length(user) = 16),
    request  BLOB    NOT NULL,
    envelope BLOB    NOT NULL,
    recovery BLOB    NOT NULL,
    PRIMARY KEY (org, user)
) STRICT;
