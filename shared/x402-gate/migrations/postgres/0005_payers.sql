-- What a payer is remembered for.
CREATE INDEX payments_failed ON payments (payer, changed_at) WHERE work = 'failed';
CREATE INDEX payments_broken ON payments (payer) WHERE money = 'dead' AND work = 'served';
