-- Log-ins are recorded too, which nobody signs; and nothing is found by a key.
ALTER TABLE audit_records DROP COLUMN key;
