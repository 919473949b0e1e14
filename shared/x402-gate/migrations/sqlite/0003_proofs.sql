-- What was signed of an answer, stored so that it is the same whenever it is sent.
ALTER TABLE payments ADD COLUMN proof TEXT;

-- What is kept to be sent again, the oldest first.
CREATE INDEX payments_kept ON payments (changed_at) WHERE body IS NOT NULL AND money = 'settled' AND work = 'served';
