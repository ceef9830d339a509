-- Accepted invitations, as they were signed; a confirmed or cancelled one is not read any more.
CREATE TABLE acceptances (
    org        INTEGER NOT NULL REFERENCES orgs (number),
    invite     BLOB    NOT NULL CHECK (length(invite) = 16),
    acceptance BLOB    NOT NULL,
    PRIMARY KEY (org, invite)
) STRICT;
