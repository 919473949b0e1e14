-- Which process a signer belongs to.
CREATE TABLE signers (
  address     BLOB PRIMARY KEY CHECK (length(address) = 20),
  holder      BLOB NOT NULL,   -- random for each process
  lease_until INTEGER NOT NULL
) STRICT;

-- Every transaction, written down before it is sent, until a safe block has used its nonce. A nonce may have several, of which
-- one gets into a block.
CREATE TABLE transactions (
  hash     BLOB PRIMARY KEY CHECK (length(hash) = 32),
  signer   BLOB NOT NULL CHECK (length(signer) = 20),
  nonce    INTEGER NOT NULL,
  raw      BLOB NOT NULL,      -- the signed bytes: sent again, they are the same transaction
  payments TEXT NOT NULL,      -- what it pays: ids, a JSON array of hexadecimal texts
  sent_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX transactions_signer ON transactions (signer, nonce);

-- A payment names the newest transaction that may settle it, from before that can happen.
CREATE TRIGGER transactions_payments AFTER INSERT ON transactions
BEGIN
  UPDATE payments SET tx_hash = NEW.hash
  WHERE id IN (SELECT unhex(value) FROM json_each(NEW.payments)) AND money IN ('settling', 'unknown');
END;
