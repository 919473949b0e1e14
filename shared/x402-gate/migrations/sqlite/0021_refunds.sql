-- What is given back for a payment: all of it, once. The nonce of the transfer follows from the payment's id.
ALTER TABLE payments ADD COLUMN refund_amount INTEGER; -- reserved, and counted against the day's budget, before anything is signed
ALTER TABLE payments ADD COLUMN refund_at INTEGER;     -- when it was reserved
ALTER TABLE payments ADD COLUMN refund_budget INTEGER; -- what could be given back in a day then
ALTER TABLE payments ADD COLUMN refund_id BLOB;        -- the refund's own payment id, as transactions name it
ALTER TABLE payments ADD COLUMN refund_tx BLOB;

CREATE INDEX payments_refunds ON payments (look_at) WHERE money IN ('refund_due', 'refunding');
CREATE INDEX payments_refunded ON payments (refund_at) WHERE refund_at IS NOT NULL;
CREATE INDEX payments_refund_id ON payments (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX payments_tx ON payments (tx_hash) WHERE tx_hash IS NOT NULL;

-- A refund that the day's budget does not cover is passed over.
CREATE TRIGGER payments_refund BEFORE UPDATE OF money ON payments
WHEN OLD.money = 'refund_due' AND NEW.money = 'refunding' AND NEW.refund_amount IS NOT NULL
  AND NEW.refund_amount > NEW.refund_budget
    - (SELECT COALESCE(SUM(refund_amount), 0) FROM payments WHERE refund_at > NEW.refund_at - 86400000)
BEGIN SELECT RAISE(IGNORE); END;

-- A refund names the newest transaction that may make it, from before that can happen.
CREATE TRIGGER transactions_refunds AFTER INSERT ON transactions
BEGIN
  UPDATE payments SET refund_tx = NEW.hash
  WHERE refund_id IN (SELECT unhex(value) FROM json_each(NEW.payments)) AND money = 'refunding';
END;
