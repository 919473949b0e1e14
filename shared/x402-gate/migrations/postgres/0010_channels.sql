-- One row a channel, from its first call on, and never deleted: an old voucher must buy nothing, also after a full refund.
CREATE TABLE channels (
  id            BYTEA PRIMARY KEY CHECK (length(id) = 32),
  config        TEXT NOT NULL,    -- JSON
  charged       BIGINT NOT NULL, -- in all, calls that others claimed included
  ceiling       BIGINT NOT NULL, -- of the latest voucher
  signature     BYTEA,             -- of the latest voucher; none before the first call
  claimed       BIGINT NOT NULL, -- as last seen on the chain
  owed_since    BIGINT,          -- when the oldest call that is not claimed committed
  set_aside     TEXT,             -- why the contract refuses the voucher
  refund_amount BIGINT,          -- of a refund that is under way
  refund_nonce  BIGINT,          -- the channel's refundNonce before it
  refund_tx     BYTEA,             -- its transaction, written before it is sent
  opened_at     BIGINT NOT NULL,
  changed_at    BIGINT NOT NULL,
  CHECK (charged <= ceiling),
  CHECK ((refund_amount IS NULL) = (refund_nonce IS NULL))
);

CREATE INDEX channels_owing ON channels (owed_since) WHERE owed_since IS NOT NULL AND set_aside IS NULL;
CREATE INDEX channels_refunding ON channels (id) WHERE refund_amount IS NOT NULL;

-- One row a call: what a channel was charged, for which request, and the answer. (channel, base) names the call.
CREATE TABLE channel_calls (
  channel_id     BYTEA NOT NULL REFERENCES channels (id),
  base           BIGINT NOT NULL, -- what was charged before
  charge         BIGINT NOT NULL CHECK (charge > 0),
  ceiling        BIGINT NOT NULL,
  signature      BYTEA NOT NULL,
  request_hash   BYTEA NOT NULL CHECK (length(request_hash) = 32),
  route          TEXT NOT NULL,
  attempt        BYTEA NOT NULL,    -- random: recognises one's own after a lost COMMIT
  deposit_tx     BYTEA,
  deposit_amount BIGINT,
  status         BIGINT NOT NULL,
  headers        TEXT NOT NULL,
  body           BYTEA NOT NULL,
  committed_at   BIGINT NOT NULL,
  PRIMARY KEY (channel_id, base),
  CHECK (base + charge <= ceiling)
);

-- Charge, voucher and answer are one change.
CREATE FUNCTION channel_calls_charge() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  UPDATE channels SET
    charged = NEW.base + NEW.charge, ceiling = NEW.ceiling, signature = NEW.signature,
    owed_since = COALESCE(owed_since, NEW.committed_at), changed_at = NEW.committed_at
  WHERE id = NEW.channel_id;
  RETURN NULL;
END $$;

CREATE TRIGGER channel_calls_charge AFTER INSERT ON channel_calls
  FOR EACH ROW EXECUTE FUNCTION channel_calls_charge();

-- What was charged is never taken back.
CREATE FUNCTION channels_only_grow() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.charged < OLD.charged OR NEW.claimed < OLD.claimed THEN
    RAISE EXCEPTION 'a channel''s totals only grow';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER channels_only_grow BEFORE UPDATE ON channels
  FOR EACH ROW EXECUTE FUNCTION channels_only_grow();

-- Who of several replicas claims.
CREATE TABLE channel_claimer (
  id          BIGINT PRIMARY KEY CHECK (id = 1),
  boot        BYTEA NOT NULL,
  lease_until BIGINT NOT NULL
);
