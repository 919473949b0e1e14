-- What a handler recorded with its answer. Numbered when it is first read, so that the order is one for all readers.
ALTER TABLE payments ADD COLUMN attached_kind TEXT;
ALTER TABLE payments ADD COLUMN attached_key BLOB;
ALTER TABLE payments ADD COLUMN attachment BLOB;
ALTER TABLE payments ADD COLUMN attached_seq INTEGER;

CREATE UNIQUE INDEX payments_attached ON payments (attached_kind, attached_key) WHERE attached_kind IS NOT NULL;
CREATE UNIQUE INDEX payments_attached_seq ON payments (attached_kind, attached_seq) WHERE attached_seq IS NOT NULL;
CREATE INDEX payments_not_numbered ON payments (attached_kind) WHERE attached_kind IS NOT NULL AND attached_seq IS NULL;
