-- One row a payment, written before the payment is sent and never deleted.
CREATE TABLE IF NOT EXISTS intents (
    payment_id       TEXT PRIMARY KEY,
    state            TEXT NOT NULL CHECK (state IN ('signed', 'sent', 'paid', 'released', 'unknown')),
    signed_at        INTEGER NOT NULL,              -- epoch milliseconds
    updated_at       INTEGER NOT NULL,              -- epoch milliseconds
    network          TEXT NOT NULL,                 -- CAIP-2
    host             TEXT NOT NULL,
    budget           TEXT,
    payee            TEXT NOT NULL,
    amount           INTEGER NOT NULL,              -- atomic units
    method           TEXT NOT NULL,
    url              TEXT NOT NULL,
    accept           TEXT NOT NULL,
    content_type     TEXT,
    headers          TEXT NOT NULL,                 -- JSON, [[name, value], ...]
    body             BLOB NOT NULL,
    request_hash     TEXT NOT NULL,                 -- covers the body's hash
    offer            TEXT NOT NULL,                 -- JSON
    payload          TEXT NOT NULL,                 -- JSON, the payment as sent
    salt             TEXT,                          -- opens the binding of the payment to the request
    transaction_hash TEXT,
    note             TEXT,                          -- what was heard last, for a person
    receipt          TEXT                           -- JSON, once the answer is here
) STRICT;

-- What budgets add up: payments of one day, and those whose outcome is open.
CREATE INDEX IF NOT EXISTS intents_by_time ON intents (network, signed_at, state, amount);
CREATE INDEX IF NOT EXISTS intents_open ON intents (network, state) WHERE state IN ('signed', 'sent', 'unknown');

-- Who was paid at a host the last time, to notice a change.
CREATE TABLE IF NOT EXISTS payees (
    host    TEXT NOT NULL,
    network TEXT NOT NULL,
    payee   TEXT NOT NULL,
    since   INTEGER NOT NULL,                       -- epoch milliseconds
    PRIMARY KEY (host, network)
) STRICT;
