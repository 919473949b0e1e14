-- Whose ledger this is. A payTo belongs to one ledger, or one authorization could be spent at two services.
CREATE TABLE owner (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  network TEXT NOT NULL,
  pay_to  BLOB NOT NULL CHECK (length(pay_to) = 20)
) STRICT;

-- One row a payment, from the claim on. A row is never deleted before its money is final. Times are epoch milliseconds.
CREATE TABLE payments (
  id            BLOB PRIMARY KEY CHECK (length(id) = 32),
  chain_id      INTEGER NOT NULL,
  asset         BLOB NOT NULL,
  payer         BLOB NOT NULL,
  nonce         BLOB NOT NULL,
  amount        INTEGER NOT NULL CHECK (amount >= 0),
  balance       INTEGER NOT NULL, -- what the payer held at claimed_block
  route         TEXT NOT NULL,
  flow          TEXT NOT NULL CHECK (flow IN ('authorize', 'upfront')),
  request_hash  BLOB NOT NULL CHECK (length(request_hash) = 32),
  request       BLOB,             -- the whole request, where a restart must be able to do the work
  settlement    TEXT NOT NULL,    -- what the facilitator is sent, JSON
  bound         INTEGER NOT NULL,
  valid_before  INTEGER NOT NULL, -- seconds, as signed
  claimed_block INTEGER NOT NULL, -- a settlement must be later than this head
  attempt       BLOB NOT NULL,    -- random: recognises one's own claim after a lost COMMIT
  money         TEXT NOT NULL CHECK (money IN ('open', 'settling', 'settled', 'unknown', 'dead', 'refund_due', 'refunding', 'refunded')),
  work          TEXT NOT NULL CHECK (work IN ('none', 'running', 'served', 'failed')),
  runs          INTEGER NOT NULL,
  fence         INTEGER NOT NULL, -- raised by every take-over; every later write names it
  lease_until   INTEGER NOT NULL,
  look_at       INTEGER NOT NULL DEFAULT 0, -- the reconciler comes by after this
  reason        TEXT,
  status        INTEGER,
  headers       TEXT,
  body          BLOB,
  tx_hash       BLOB,
  block_number  INTEGER,
  block_hash    BLOB,
  log_index     INTEGER,
  gas_used      INTEGER,
  claimed_at    INTEGER NOT NULL,
  changed_at    INTEGER NOT NULL,
  UNIQUE (chain_id, asset, payer, nonce),
  CHECK (work <> 'served' OR status IS NOT NULL),
  CHECK (money NOT IN ('settled', 'refund_due', 'refunding', 'refunded') OR log_index IS NOT NULL)
) STRICT;

-- Each Transfer log vouches for one payment.
CREATE UNIQUE INDEX payments_transfer ON payments (block_hash, log_index) WHERE block_hash IS NOT NULL;
-- What the reconciler looks at; what a payer has promised and not paid yet, and what it paid when.
CREATE INDEX payments_unfinished ON payments (lease_until)
  WHERE money IN ('open', 'settling', 'unknown') OR (money = 'settled' AND work IN ('none', 'running', 'failed'));
CREATE INDEX payments_promised ON payments (payer) WHERE money IN ('open', 'settling', 'unknown');
CREATE INDEX payments_paid ON payments (payer, block_number) WHERE block_number IS NOT NULL;

-- Nobody promises the same money twice: from the balance goes what is promised, and what settled after the balance was read.
-- A claim that is not covered is passed over. There is one writer, so no other claim comes between.
CREATE TRIGGER payments_promise BEFORE INSERT ON payments
WHEN NEW.amount > NEW.balance
  - (SELECT COALESCE(SUM(amount), 0) FROM payments
     WHERE payer = NEW.payer AND money IN ('open', 'settling', 'unknown'))
  - (SELECT COALESCE(SUM(amount), 0) FROM payments
     WHERE payer = NEW.payer AND block_number > NEW.claimed_block
       AND money IN ('settled', 'refund_due', 'refunding', 'refunded'))
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER payments_money BEFORE UPDATE OF money ON payments
WHEN OLD.money <> NEW.money AND NOT (
     (OLD.money = 'open'       AND NEW.money IN ('settling', 'dead'))
  OR (OLD.money = 'settling'   AND NEW.money IN ('settled', 'unknown', 'dead'))
  OR (OLD.money = 'unknown'    AND NEW.money IN ('settling', 'settled', 'dead'))
  OR (OLD.money = 'settled'    AND NEW.money IN ('settling', 'refund_due'))
  OR (OLD.money = 'refund_due' AND NEW.money = 'refunding')
  OR (OLD.money = 'refunding'  AND NEW.money = 'refunded'))
BEGIN SELECT RAISE(ABORT, 'illegal move of money'); END;

CREATE TRIGGER payments_work BEFORE UPDATE OF work ON payments
WHEN OLD.work <> NEW.work AND NOT (
     (OLD.work IN ('none', 'failed') AND NEW.work = 'running')
  OR (OLD.work = 'running'           AND NEW.work IN ('served', 'failed')))
BEGIN SELECT RAISE(ABORT, 'illegal move of work'); END;

CREATE TRIGGER payments_fence BEFORE UPDATE OF fence ON payments
WHEN NEW.fence < OLD.fence
BEGIN SELECT RAISE(ABORT, 'a fence never falls'); END;
