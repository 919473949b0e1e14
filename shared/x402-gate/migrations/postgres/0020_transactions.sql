-- Which process a signer belongs to.
CREATE TABLE signers (
  address     BYTEA PRIMARY KEY CHECK (octet_length(address) = 20),
  holder      BYTEA NOT NULL,  -- random for each process
  lease_until BIGINT NOT NULL
);

-- Every transaction, written down before it is sent, until a safe block has used its nonce. A nonce may have several, of which
-- one gets into a block.
CREATE TABLE transactions (
  hash     BYTEA PRIMARY KEY CHECK (octet_length(hash) = 32),
  signer   BYTEA NOT NULL CHECK (octet_length(signer) = 20),
  nonce    BIGINT NOT NULL,
  raw      BYTEA NOT NULL,     -- the signed bytes: sent again, they are the same transaction
  payments TEXT NOT NULL,      -- what it pays: ids, a JSON array of hexadecimal texts
  sent_at  BIGINT NOT NULL
);

CREATE INDEX transactions_signer ON transactions (signer, nonce);

-- A payment names the newest transaction that may settle it, from before that can happen. In the order of their ids, so that
-- two batches never wait for each other.
CREATE FUNCTION transactions_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payments SET tx_hash = NEW.hash
  WHERE id IN (SELECT id FROM payments
    WHERE id IN (SELECT decode(value, 'hex') FROM jsonb_array_elements_text(NEW.payments::jsonb))
      AND money IN ('settling', 'unknown')
    ORDER BY id FOR UPDATE);
  RETURN NULL;
END $$;

CREATE TRIGGER transactions_payments AFTER INSERT ON transactions
FOR EACH ROW EXECUTE FUNCTION transactions_payments();
