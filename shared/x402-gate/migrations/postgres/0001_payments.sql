-- The database's clock, in epoch milliseconds: one for all replicas.
CREATE FUNCTION epoch_ms() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT FLOOR(EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::BIGINT $$;

-- Whose ledger this is. A payTo belongs to one ledger, or one authorization could be spent at two services.
CREATE TABLE owner (
  id      BIGINT PRIMARY KEY CHECK (id = 1),
  network TEXT NOT NULL,
  pay_to  BYTEA NOT NULL CHECK (octet_length(pay_to) = 20)
);

-- One row a payment, from the claim on. A row is never deleted before its money is final. Times are epoch milliseconds.
CREATE TABLE payments (
  id            BYTEA PRIMARY KEY CHECK (octet_length(id) = 32),
  chain_id      BIGINT NOT NULL,
  asset         BYTEA NOT NULL,
  payer         BYTEA NOT NULL,
  nonce         BYTEA NOT NULL,
  amount        BIGINT NOT NULL CHECK (amount >= 0),
  balance       BIGINT NOT NULL, -- what the payer held at claimed_block
  route         TEXT NOT NULL,
  flow          TEXT NOT NULL CHECK (flow IN ('authorize', 'upfront')),
  request_hash  BYTEA NOT NULL CHECK (octet_length(request_hash) = 32),
  request       BYTEA,           -- the whole request, where a restart must be able to do the work
  settlement    TEXT NOT NULL,   -- what the facilitator is sent, JSON
  bound         BOOLEAN NOT NULL,
  valid_before  BIGINT NOT NULL, -- seconds, as signed
  claimed_block BIGINT NOT NULL, -- a settlement must be later than this head
  attempt       BYTEA NOT NULL,  -- random: recognises one's own claim after a lost COMMIT
  money         TEXT NOT NULL CHECK (money IN ('open', 'settling', 'settled', 'unknown', 'dead', 'refund_due', 'refunding', 'refunded')),
  work          TEXT NOT NULL CHECK (work IN ('none', 'running', 'served', 'failed')),
  runs          BIGINT NOT NULL,
  fence         BIGINT NOT NULL, -- raised by every take-over; every later write names it
  lease_until   BIGINT NOT NULL,
  look_at       BIGINT NOT NULL DEFAULT 0, -- the reconciler comes by after this
  reason        TEXT,
  status        BIGINT,
  headers       TEXT,
  body          BYTEA,
  tx_hash       BYTEA,
  block_number  BIGINT,
  block_hash    BYTEA,
  log_index     BIGINT,
  gas_used      BIGINT,
  claimed_at    BIGINT NOT NULL,
  changed_at    BIGINT NOT NULL,
  UNIQUE (chain_id, asset, payer, nonce),
  CHECK (work <> 'served' OR status IS NOT NULL),
  CHECK (money NOT IN ('settled', 'refund_due', 'refunding', 'refunded') OR log_index IS NOT NULL)
);

-- Each Transfer log vouches for one payment.
CREATE UNIQUE INDEX payments_transfer ON payments (block_hash, log_index) WHERE block_hash IS NOT NULL;
-- What the reconciler looks at; what a payer has promised and not paid yet, and what it paid when.
CREATE INDEX payments_unfinished ON payments (lease_until)
  WHERE money IN ('open', 'settling', 'unknown') OR (money = 'settled' AND work IN ('none', 'running', 'failed'));
CREATE INDEX payments_promised ON payments (payer) WHERE money IN ('open', 'settling', 'unknown');
CREATE INDEX payments_paid ON payments (payer, block_number) WHERE block_number IS NOT NULL;

-- Nobody promises the same money twice: from the balance goes what is promised, and what settled after the balance was read.
-- A claim that is not covered is passed over.
--
-- Two claims of one payer, of two replicas perhaps, must not each miss the other's row. So a claim first takes its payer's
-- lock, which is held until its transaction has ended: a later claim waits, and then sees what was committed, because every
-- query in a volatile function has a snapshot of its own under READ COMMITTED. The lock lives in the server alone, for one
-- statement and its COMMIT: no replica can die or hang while it holds it. Payers whose hashes collide wait for each other
-- and no more.
CREATE FUNCTION payments_promise() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(encode(NEW.payer, 'hex'), 402));
  IF NEW.amount > NEW.balance
    - (SELECT COALESCE(SUM(amount), 0) FROM payments
       WHERE payer = NEW.payer AND money IN ('open', 'settling', 'unknown'))
    - (SELECT COALESCE(SUM(amount), 0) FROM payments
       WHERE payer = NEW.payer AND block_number > NEW.claimed_block
         AND money IN ('settled', 'refund_due', 'refunding', 'refunded'))
  THEN RETURN NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER payments_promise BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION payments_promise();

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$;

CREATE TRIGGER payments_money BEFORE UPDATE OF money ON payments FOR EACH ROW
WHEN (OLD.money <> NEW.money AND NOT (
     (OLD.money = 'open'       AND NEW.money IN ('settling', 'dead'))
  OR (OLD.money = 'settling'   AND NEW.money IN ('settled', 'unknown', 'dead'))
  OR (OLD.money = 'unknown'    AND NEW.money IN ('settling', 'settled', 'dead'))
  OR (OLD.money = 'settled'    AND NEW.money IN ('settling', 'refund_due'))
  OR (OLD.money = 'refund_due' AND NEW.money = 'refunding')
  OR (OLD.money = 'refunding'  AND NEW.money = 'refunded')))
EXECUTE FUNCTION refuse('illegal move of money');

CREATE TRIGGER payments_work BEFORE UPDATE OF work ON payments FOR EACH ROW
WHEN (OLD.work <> NEW.work AND NOT (
     (OLD.work IN ('none', 'failed') AND NEW.work = 'running')
  OR (OLD.work = 'running'           AND NEW.work IN ('served', 'failed'))))
EXECUTE FUNCTION refuse('illegal move of work');

CREATE TRIGGER payments_fence BEFORE UPDATE OF fence ON payments FOR EACH ROW
WHEN (NEW.fence < OLD.fence)
EXECUTE FUNCTION refuse('a fence never falls');
