-- How many of an organization's oldest audit records are archived: their rows keep what they are found by and their leaf
-- hashes, but what their bytes column names is gone from audit_bytes.
ALTER TABLE orgs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived >= 0);
