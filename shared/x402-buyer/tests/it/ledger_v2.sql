-- The tables of version 2, as files of that time have them.
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

-- Channels: what was put in, what was charged, and the highest voucher that was signed.
CREATE TABLE IF NOT EXISTS channels (
    id         TEXT PRIMARY KEY,
    config     TEXT NOT NULL,                       -- JSON
    network    TEXT NOT NULL,                       -- CAIP-2
    host       TEXT NOT NULL,
    target     TEXT NOT NULL,                       -- METHOD URL of what was bought last
    balance    INTEGER NOT NULL,                    -- atomic units, as all amounts
    charged    INTEGER NOT NULL,
    signed     INTEGER NOT NULL,
    suspect    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL                     -- epoch milliseconds
) STRICT;

-- Deposits into channels: they count against budgets until they come back.
CREATE TABLE IF NOT EXISTS channel_deposits (
    salt      TEXT PRIMARY KEY,
    channel   TEXT NOT NULL REFERENCES channels (id),
    network   TEXT NOT NULL,
    host      TEXT NOT NULL,
    payee     TEXT NOT NULL,
    budget    TEXT,
    amount    INTEGER NOT NULL,
    returned  INTEGER NOT NULL DEFAULT 0,
    signed_at INTEGER NOT NULL,
    payload   TEXT NOT NULL                         -- JSON, as sent
) STRICT;
