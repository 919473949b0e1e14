-- What is owed back of a payment: all of it where the work failed, or what the work did not cost. It is owed once the payment has settled.
ALTER TABLE payments
  ADD COLUMN owed BIGINT CHECK (owed BETWEEN 1 AND amount),
  ADD COLUMN refunded_at BIGINT; -- when it was given back
UPDATE payments SET owed = amount WHERE money IN ('refund_due', 'refunding', 'refunded') AND amount > 0;
UPDATE payments SET refunded_at = changed_at WHERE money = 'refunded';

DROP INDEX payments_refunds;
CREATE INDEX payments_owed ON payments (look_at) WHERE owed IS NOT NULL AND refunded_at IS NULL;

-- A refund that the day's budget does not cover is passed over, and none is of more than is owed. Two refunds at once must
-- not each miss the other's, so each takes the lock first, and then sees what was committed.
DROP TRIGGER payments_refund ON payments;
CREATE OR REPLACE FUNCTION payments_refund() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(402, 1);
  IF NEW.refund_amount > NEW.owed OR NEW.refund_amount > NEW.refund_budget
    - (SELECT COALESCE(SUM(refund_amount), 0) FROM payments WHERE refund_at > NEW.refund_at - 86400000)
  THEN RETURN NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER payments_refund BEFORE UPDATE OF refund_at ON payments FOR EACH ROW
WHEN (OLD.refund_at IS NULL AND NEW.refund_at IS NOT NULL)
EXECUTE FUNCTION payments_refund();

CREATE OR REPLACE FUNCTION transactions_refunds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payments SET refund_tx = NEW.hash
  WHERE id IN (SELECT id FROM payments
    WHERE refund_id IN (SELECT decode(value, 'hex') FROM jsonb_array_elements_text(NEW.payments::jsonb))
      AND refunded_at IS NULL
    ORDER BY id FOR UPDATE);
  RETURN NULL;
END $$;
