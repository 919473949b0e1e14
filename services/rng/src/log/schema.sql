-- One log. The row is the lock under which it grows: who changes it, appends.
CREATE TABLE IF NOT EXISTS log_state (
  id         BIGINT PRIMARY KEY CHECK (id = 1),
  size       BIGINT NOT NULL,
  attached   BIGINT NOT NULL, -- the ledger's last attachment that is in the log
  checkpoint TEXT,            -- the signed one of this size
  log_key    TEXT             -- the log's name and key
);
INSERT INTO log_state (id, size, attached) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS log_entries (
  position BIGINT PRIMARY KEY,
  hash     BLOB NOT NULL UNIQUE,
  entry    BLOB NOT NULL
);

-- Complete subtrees, the leaves among them.
CREATE TABLE IF NOT EXISTS log_nodes (
  level    BIGINT NOT NULL,
  position BIGINT NOT NULL,
  hash     BLOB NOT NULL,
  PRIMARY KEY (level, position)
);

-- The one key of each epoch. What is sealed goes when no draw of the epoch can be made any more.
CREATE TABLE IF NOT EXISTS epoch_keys (
  epoch      BIGINT PRIMARY KEY,
  public_key BLOB NOT NULL,
  sealed     BLOB,
  position   BIGINT NOT NULL
);

-- Draws that wait for a round of the beacon, by the payment. Void ones are never made.
CREATE TABLE IF NOT EXISTS accepts (
  payment     BLOB PRIMARY KEY,
  accept_hash BLOB NOT NULL UNIQUE,
  accepted_at BIGINT NOT NULL,
  position    BIGINT NOT NULL,
  closed      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS accepts_open ON accepts (accepted_at) WHERE closed = 0;
