-- How far each receiver outside accepted each audit log: the position of the next record that it gets.
CREATE TABLE audit_streams (
    sink TEXT    NOT NULL,
    org  INTEGER NOT NULL REFERENCES orgs (number),
    next INTEGER NOT NULL CHECK (next >= 0),
    PRIMARY KEY (sink, org)
) STRICT, WITHOUT ROWID;
