-- How certain a settlement is: preconf, block, safe. None while nothing settled.
ALTER TABLE payments ADD COLUMN finality TEXT;
-- When a reorganisation took a settlement back, last.
ALTER TABLE payments ADD COLUMN reorged_at BIGINT;

UPDATE payments SET finality = 'block' WHERE block_hash IS NOT NULL;

-- What was delivered, and is followed until its block is safe.
CREATE INDEX payments_unsafe ON payments (block_number, block_hash, amount)
  WHERE money = 'settled' AND work = 'served' AND finality <> 'safe';
