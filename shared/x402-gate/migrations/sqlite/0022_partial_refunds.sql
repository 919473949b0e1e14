-- What is owed back of a payment: all of it where the work failed, or what the work did not cost. It is owed once the payment has settled.
ALTER TABLE payments ADD COLUMN owed INTEGER CHECK (owed BETWEEN 1 AND amount);
ALTER TABLE payments ADD COLUMN refunded_at INTEGER; -- when it was given back
UPDATE payments SET owed = amount WHERE money IN ('refund_due', 'refunding', 'refunded') AND amount > 0;
UPDATE payments SET refunded_at = changed_at WHERE money = 'refunded';

DROP INDEX payments_refunds;
CREATE INDEX payments_owed ON payments (look_at) WHERE owed IS NOT NULL AND refunded_at IS NULL;

-- A refund that the day's budget does not cover is passed over. None is of more than is owed.
DROP TRIGGER payments_refund;
CREATE TRIGGER payments_refund BEFORE UPDATE OF refund_at ON payments
WHEN OLD.refund_at IS NULL AND NEW.refund_at IS NOT NULL
  AND (NEW.refund_amount > NEW.owed OR NEW.refund_amount > NEW.refund_budget
    - (SELECT COALESCE(SUM(refund_amount), 0) FROM payments WHERE refund_at > NEW.refund_at - 86400000))
BEGIN SELECT RAISE(IGNORE); END;

DROP TRIGGER transactions_refunds;
CREATE TRIGGER transactions_refunds AFTER INSERT ON transactions
BEGIN
  UPDATE payments SET refund_tx = NEW.hash
  WHERE refund_id IN (SELECT unhex(value) FROM json_each(NEW.payments)) AND refunded_at IS NULL;
END;
