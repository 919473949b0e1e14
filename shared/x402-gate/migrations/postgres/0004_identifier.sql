-- The client's own name for a purchase. While its payment is not dead, no other payment makes the same purchase.
ALTER TABLE payments ADD COLUMN identifier TEXT;
CREATE UNIQUE INDEX payments_purchase ON payments (payer, route, identifier) WHERE identifier IS NOT NULL AND money <> 'dead';
