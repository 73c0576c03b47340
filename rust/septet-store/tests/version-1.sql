-- A store as the first version of the schema left it.
PRAGMA journal_mode = WAL;
CREATE TABLE meta(
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE journal(
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    records BLOB NOT NULL
) STRICT;
CREATE TABLE message(
    id TEXT PRIMARY KEY,
    direction TEXT NOT NULL,
    account TEXT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    status TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX message_destination ON message(destination, id);
CREATE INDEX message_source ON message(source, id);
CREATE TABLE consent(
    number TEXT NOT NULL,
    contact TEXT NOT NULL,
    opted_out INTEGER NOT NULL,
    at INTEGER NOT NULL,
    proof TEXT NOT NULL,
    PRIMARY KEY(number, contact)
) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency(
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    answer BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY(account, key)
) STRICT;
INSERT INTO meta VALUES('schema', '1');
INSERT INTO journal VALUES(7, 1795564800000, x'010203'), (8, 1795564800001, x'');
INSERT INTO message VALUES
    ('D22008G0000000000001', 'mt', 'acme', '12345', '46701', 'delivered', 1795564800000, 1795564800500, x'04'),
    ('D22MKE80000000000002', 'mt', 'acme', '12345', '46702', 'failed', 1795651200000, 1795651200500, x'05');
INSERT INTO consent VALUES('12345', '46701', 1, 1795564800000, 'STOP'), ('12345', '46702', 0, 1795564800000, 'START');
INSERT INTO idempotency VALUES('acme', 'k', x'00', x'7b7d', 1795564800000);
PRAGMA application_id = 1397773396;
PRAGMA user_version = 1;
