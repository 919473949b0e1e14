-- What is given back for a payment: all of it, once. The nonce of the transfer follows from the payment's id.
ALTER TABLE payments
  ADD COLUMN refund_amount BIGINT, -- reserved, and counted against the day's budget, before anything is signed
  ADD COLUMN refund_at BIGINT,     -- when it was reserved
  ADD COLUMN refund_budget BIGINT, -- what could be given back in a day then
  ADD COLUMN refund_id BYTEA,      -- the refund's own payment id, as transactions name it
  ADD COLUMN refund_tx BYTEA;

CREATE INDEX payments_refunds ON payments (look_at) WHERE money IN ('refund_due', 'refunding');
CREATE INDEX payments_refunded ON payments (refund_at) WHERE refund_at IS NOT NULL;
CREATE INDEX payments_refund_id ON payments (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX payments_tx ON payments (tx_hash) WHERE tx_hash IS NOT NULL;

-- A refund that the day's budget does not cover is passed over. Two refunds at once must not each miss the other's, so each
-- takes the lock first, and then sees what was committed.
CREATE FUNCTION payments_refund() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(402, 1);
  IF NEW.refund_amount > NEW.refund_budget
    - (SELECT COALESCE(SUM(refund_amount), 0) FROM payments WHERE refund_at > NEW.refund_at - 86400000)
  THEN RETURN NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER payments_refund BEFORE UPDATE OF money ON payments FOR EACH ROW
WHEN (OLD.money = 'refund_due' AND NEW.money = 'refunding' AND NEW.refund_amount IS NOT NULL)
EXECUTE FUNCTION payments_refund();

-- A refund names the newest transaction that may make it, from before that can happen.
CREATE FUNCTION transactions_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payments SET refund_tx = NEW.hash
  WHERE id IN (SELECT id FROM payments
    WHERE refund_id IN (SELECT decode(value, 'hex') FROM jsonb_array_elements_text(NEW.payments::jsonb))
      AND money = 'refunding'
    ORDER BY id FOR UPDATE);
  RETURN NULL;
END $$;

CREATE TRIGGER transactions_refunds AFTER INSERT ON transactions
FOR EACH ROW EXECUTE FUNCTION transactions_refunds();
