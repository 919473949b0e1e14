-- Counted up to see whether the ledger can be written: a change to the same value would not reach the disk.
ALTER TABLE owner ADD COLUMN checks BIGINT NOT NULL DEFAULT 0;
