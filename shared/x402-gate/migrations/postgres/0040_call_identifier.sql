-- The client's own name for a purchase from a channel. A voucher stands on the chain once it was claimed, and so proves nothing
-- about who shows it; the name does.
ALTER TABLE channel_calls ADD COLUMN identifier TEXT;
