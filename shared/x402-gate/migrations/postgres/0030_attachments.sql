-- What handlers record with their answers has one order, whichever way the answer was paid for.
CREATE TABLE attachments (
  kind        TEXT NOT NULL,
  key         BYTEA NOT NULL,
  payload     BYTEA NOT NULL,
  payment_id  BYTEA NOT NULL,    -- whose answer it came with
  attached_at BIGINT NOT NULL,
  seq         BIGINT,          -- given when it is first read
  PRIMARY KEY (kind, key)
);

INSERT INTO attachments (kind, key, payload, payment_id, attached_at, seq)
  SELECT attached_kind, attached_key, attachment, id, claimed_at, attached_seq FROM payments WHERE attached_kind IS NOT NULL;

CREATE UNIQUE INDEX attachments_seq ON attachments (kind, seq) WHERE seq IS NOT NULL;
CREATE INDEX attachments_not_numbered ON attachments (kind) WHERE seq IS NULL;

DROP INDEX payments_attached;
DROP INDEX payments_attached_seq;
DROP INDEX payments_not_numbered;
ALTER TABLE payments DROP COLUMN attached_seq;

-- A call from a channel has what a payment has: a name, an attachment, and what was signed of its answer.
ALTER TABLE channel_calls ADD COLUMN payment_id BYTEA;
ALTER TABLE channel_calls ADD COLUMN attached_kind TEXT;
ALTER TABLE channel_calls ADD COLUMN attached_key BYTEA;
ALTER TABLE channel_calls ADD COLUMN attachment BYTEA;
ALTER TABLE channel_calls ADD COLUMN proof TEXT;

CREATE FUNCTION payments_attach() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO attachments (kind, key, payload, payment_id, attached_at)
  VALUES (NEW.attached_kind, NEW.attached_key, NEW.attachment, NEW.id, NEW.changed_at);
  RETURN NULL;
END $$;

CREATE TRIGGER payments_attach AFTER UPDATE OF attachment ON payments
  FOR EACH ROW WHEN (OLD.attachment IS NULL AND NEW.attachment IS NOT NULL) EXECUTE FUNCTION payments_attach();

CREATE FUNCTION channel_calls_attach() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO attachments (kind, key, payload, payment_id, attached_at)
  VALUES (NEW.attached_kind, NEW.attached_key, NEW.attachment, NEW.payment_id, NEW.committed_at);
  RETURN NULL;
END $$;

CREATE TRIGGER channel_calls_attach AFTER INSERT ON channel_calls
  FOR EACH ROW WHEN (NEW.attachment IS NOT NULL) EXECUTE FUNCTION channel_calls_attach();
