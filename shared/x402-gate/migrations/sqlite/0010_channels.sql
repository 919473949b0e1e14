-- One row a channel, from its first call on, and never deleted: an old voucher must buy nothing, also after a full refund.
CREATE TABLE channels (
  id            BLOB PRIMARY KEY CHECK (length(id) = 32),
  config        TEXT NOT NULL,    -- JSON
  charged       INTEGER NOT NULL, -- in all, calls that others claimed included
  ceiling       INTEGER NOT NULL, -- of the latest voucher
  signature     BLOB,             -- of the latest voucher; none before the first call
  claimed       INTEGER NOT NULL, -- as last seen on the chain
  owed_since    INTEGER,          -- when the oldest call that is not claimed committed
  set_aside     TEXT,             -- why the contract refuses the voucher
  refund_amount INTEGER,          -- of a refund that is under way
  refund_nonce  INTEGER,          -- the channel's refundNonce before it
  refund_tx     BLOB,             -- its transaction, written before it is sent
  opened_at     INTEGER NOT NULL,
  changed_at    INTEGER NOT NULL,
  CHECK (charged <= ceiling),
  CHECK ((refund_amount IS NULL) = (refund_nonce IS NULL))
) STRICT;

CREATE INDEX channels_owing ON channels (owed_since) WHERE owed_since IS NOT NULL AND set_aside IS NULL;
CREATE INDEX channels_refunding ON channels (id) WHERE refund_amount IS NOT NULL;

-- One row a call: what a channel was charged, for which request, and the answer. (channel, base) names the call.
CREATE TABLE channel_calls (
  channel_id     BLOB NOT NULL REFERENCES channels (id),
  base           INTEGER NOT NULL, -- what was charged before
  charge         INTEGER NOT NULL CHECK (charge > 0),
  ceiling        INTEGER NOT NULL,
  signature      BLOB NOT NULL,
  request_hash   BLOB NOT NULL CHECK (length(request_hash) = 32),
  route          TEXT NOT NULL,
  attempt        BLOB NOT NULL,    -- random: recognises one's own after a lost COMMIT
  deposit_tx     BLOB,
  deposit_amount INTEGER,
  status         INTEGER NOT NULL,
  headers        TEXT NOT NULL,
  body           BLOB NOT NULL,
  committed_at   INTEGER NOT NULL,
  PRIMARY KEY (channel_id, base),
  CHECK (base + charge <= ceiling)
) STRICT;

-- Charge, voucher and answer are one change.
CREATE TRIGGER channel_calls_charge AFTER INSERT ON channel_calls
BEGIN
  UPDATE channels SET
    charged = NEW.base + NEW.charge, ceiling = NEW.ceiling, signature = NEW.signature,
    owed_since = COALESCE(owed_since, NEW.committed_at), changed_at = NEW.committed_at
  WHERE id = NEW.channel_id;
END;

-- What was charged is never taken back.
CREATE TRIGGER channels_only_grow BEFORE UPDATE ON channels
WHEN NEW.charged < OLD.charged OR NEW.claimed < OLD.claimed
BEGIN
  SELECT RAISE(ABORT, 'a channel''s totals only grow');
END;

-- Who of several replicas claims.
CREATE TABLE channel_claimer (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  boot        BLOB NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;
