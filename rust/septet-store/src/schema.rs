//! The files: their identity, their tables, how they grow from version to version, and how a connection is tuned.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::{Durability, Error, row, transaction};

/// What a file is for; each has an identity and a history of its own.
pub struct Kind {
    /// In the file's header, so that `file` and a stray program can tell what it is.
    application_id: i32,
    /// Step n takes the file from version n to n + 1. Never edit one that was released: add another.
    steps: &'static [Step],
    /// Kilobytes that its writer keeps in memory.
    cache: i32,
}

/// One step of a file's history.
#[derive(Clone, Copy)]
pub enum Step {
    Sql(&'static str),
    Rust(fn(&Connection) -> rusqlite::Result<()>),
}

impl Step {
    fn take(&self, connection: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Sql(sql) => connection.execute_batch(sql),
            Self::Rust(work) => work(connection),
        }
    }
}

/// The live file, "SPTT": the journal, and the log until it is folded. Its ended messages are a blob for each page (`ended`): a
/// row for each, and an index, would cost more than all that came before, and the accept rate would pay for it.
pub const LIVE: Kind = Kind { application_id: 0x5350_5454, steps: LIVE_STEPS, cache: 65_536 };

/// A day of the log, "SPTL". All its indexes give rows in the order of look-ups, that of the id; see `plan`.
pub const DAY: Kind = Kind { application_id: 0x5350_544C, steps: DAY_STEPS, cache: 65_536 };

/// Ended messages of a day, and as a person reads them; those of the live file until its third version. `n` counts rows as they come.
macro_rules! messages {
    () => {
        "
CREATE TABLE message(
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL,
    account TEXT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    carrier TEXT NOT NULL,
    segments INTEGER NOT NULL,
    status TEXT NOT NULL,
    error INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    record BLOB NOT NULL,
    sum INTEGER
) STRICT;
CREATE VIEW log AS SELECT id, direction, account, source, destination, carrier, segments, status, error,
    strftime('%Y-%m-%d %H:%M:%f', created / 1000.0, 'unixepoch') AS accepted,
    strftime('%Y-%m-%d %H:%M:%f', updated / 1000.0, 'unixepoch') AS ended
    FROM message;
"
    };
}

const LIVE_STEPS: &[Step] = &[
    Step::Sql(
        "
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
",
    ),
    // Sums, and a log that is folded into days.
    Step::Sql(concat!(
        "
ALTER TABLE journal ADD COLUMN sum INTEGER;
ALTER TABLE consent ADD COLUMN sum INTEGER;
ALTER TABLE idempotency ADD COLUMN sum INTEGER;
DROP INDEX message_destination;
DROP INDEX message_source;
ALTER TABLE message RENAME TO message_1;
",
        messages!(),
        "INSERT INTO message(id, direction, account, source, destination, carrier, segments, status, error, created, updated, record)
    SELECT id, direction, account, source, destination, '', 0, status, 0, created, updated, record FROM message_1 ORDER BY id;
DROP TABLE message_1;
CREATE VIEW optout AS SELECT number, contact, strftime('%Y-%m-%d %H:%M:%f', at / 1000.0, 'unixepoch') AS since, proof
    FROM consent WHERE opted_out;
CREATE VIEW page AS SELECT seq, strftime('%Y-%m-%d %H:%M:%f', at / 1000.0, 'unixepoch') AS written, length(records) AS octets
    FROM journal;
"
    )),
    Step::Rust(gather),
];

/// Ended messages that wait for the fold, by page and no longer by row.
fn gather(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "
CREATE TABLE ended(
    seq INTEGER PRIMARY KEY,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    records BLOB NOT NULL
) STRICT;
DROP VIEW log;
",
    )?;
    let mut rows = connection.prepare(&format!("SELECT {} FROM message ORDER BY n", row::MESSAGE))?;
    let rows = rows.query_map([], |it| row::message(it, 0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    // Before the first page, and in their order.
    let chunks = rows.chunks(GATHERED);
    let first = -(chunks.len() as i64);
    for (seq, rows) in (first..).zip(chunks) {
        transaction::ended(connection, seq, rows)?;
    }
    connection.execute_batch("DROP TABLE message")
}

/// Rows of a page made of older rows.
const GATHERED: usize = 1_000;

const DAY_STEPS: &[Step] = &[Step::Sql(concat!(
    "
CREATE TABLE meta(
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
",
    messages!(),
    "CREATE INDEX message_destination ON message(n >> 19, destination, id, status);
CREATE INDEX message_source ON message(n >> 19, source, id, status);
CREATE INDEX message_account_status ON message(account, status, id);
CREATE INDEX message_status ON message(status, id);
"
))];

/// Opens the file for writing, makes it if it is missing, and brings it to this version. A file that is refused is
/// not changed.
pub fn open(path: &Path, kind: &Kind, durability: Durability) -> Result<Connection, Error> {
    create(path)?;
    let failed = |error: rusqlite::Error| Error::sqlite(&error, &path.display().to_string());
    let mut connection = attach(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    identify(&connection, kind, path)?;
    tune(&connection, kind, durability).map_err(failed)?;
    migrate(&mut connection, kind.application_id, kind.steps).map_err(failed)?;
    Ok(connection)
}

/// Opens the live file for writing once more.
pub fn reconnect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = attach(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    tune(&connection, &LIVE, durability)?;
    Ok(connection)
}

/// Each connection stays on one thread at a time, so SQLite needs no mutex of its own.
fn attach(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_millis(500))?;
    Ok(connection)
}

fn tune(connection: &Connection, kind: &Kind, durability: Durability) -> rusqlite::Result<()> {
    // Index entries land on random pages and each touched page is written whole, so pages stay small.
    connection.pragma_update(None, "page_size", 4096)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    debug_assert_eq!(mode, "wal");
    let synchronous = match durability {
        // Syncs the log at every commit.
        Durability::Full => "FULL",
        // Syncs only around a checkpoint: what was written lives in the system's cache, which a killed process leaves behind.
        Durability::Os => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -kind.cache)?;
    // A failed read of a mapped page is a signal that ends the process; a failed read is an error.
    connection.pragma_update(None, "mmap_size", 0)?;
    // Whoever writes checkpoints after it has reported the commit, so no acknowledgement waits for one.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // A log that once grew large is cut back when it restarts.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Opens the live file for look-ups.
pub fn connect_read_only(path: &Path) -> rusqlite::Result<Connection> {
    look(path, 8_192)
}

/// Opens a day for look-ups. Many are open, and the system's cache does what this one does not.
pub fn connect_day(path: &Path) -> rusqlite::Result<Connection> {
    look(path, 1_024)
}

/// `cache` is in kilobytes. The connection may write to the side files, so that the last to close a day leaves one file.
fn look(path: &Path, cache: i32) -> rusqlite::Result<Connection> {
    let connection = attach(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Makes an empty file that only its owner can read: it will hold texts and numbers of people. SQLite gives its
/// side files the same rights.
fn create(path: &Path) -> Result<(), Error> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::new(Error::OPEN, format!("{}: {error}", path.display()))),
    }
}

/// Refuses a file that is not ours or is newer than we are.
pub fn identify(connection: &Connection, kind: &Kind, path: &Path) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::sqlite(&error, &path.display().to_string());
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    let application = number("application_id").map_err(failed)?;
    let version = number("user_version").map_err(failed)?;
    let tables: i32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    let fresh = application == 0 && version == 0 && tables == 0;
    if application != kind.application_id && !fresh {
        return Err(Error::new(
            Error::SCHEMA,
            format!("{}: this database belongs to another program (give the node another data_dir)", path.display()),
        ));
    }
    let known = kind.steps.len();
    if usize::try_from(version).is_ok_and(|version| version > known) {
        return Err(Error::new(
            Error::SCHEMA,
            format!(
                "{}: schema version {version} is newer than this program's {known} (run the newer version, or restore a backup made before it)",
                path.display()
            ),
        ));
    }
    if !fresh
        && usize::try_from(version).is_ok_and(|version| version == known)
        && let Some(object) = altered(connection, kind.steps).map_err(failed)?
    {
        let place = path.display();
        let why =
            "is not as this program made it, by damage or by hand (restore it, or give the node another data_dir)";
        return Err(Error::new(Error::SCHEMA, format!("{place}: {object} {why}")));
    }
    Ok(())
}

/// Tables, indexes and views that are missing or whose definition has changed; a flipped bit there would show in the first query,
/// and as something else. What somebody has added is their own.
fn altered(connection: &Connection, steps: &[Step]) -> rusqlite::Result<Option<String>> {
    let made = Connection::open_in_memory()?;
    for step in steps {
        step.take(&made)?;
    }
    let mut all = made.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let mut all = all.query([])?;
    let mut same = connection.prepare(
        "SELECT count(*) FROM sqlite_schema WHERE type IS ?1 AND name IS ?2 AND tbl_name IS ?3 AND sql IS ?4",
    )?;
    while let Some(object) = all.next()? {
        let of = |column| object.get::<_, Option<String>>(column);
        let (kind, name) = (of(0)?, of(1)?);
        let found: i64 = same.query_row((&kind, &name, of(2)?, of(3)?), |row| row.get(0))?;
        if found != 1 {
            return Ok(Some(format!("the {} {}", kind.unwrap_or_default(), name.unwrap_or_default())));
        }
    }
    Ok(None)
}

/// Runs the missing steps in one transaction: a crash leaves the old version or the new one.
fn migrate(connection: &mut Connection, application_id: i32, steps: &[Step]) -> rusqlite::Result<()> {
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).unwrap_or(0);
    if done >= steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for step in &steps[done..] {
        step.take(&transaction)?;
    }
    transaction.pragma_update(None, "application_id", application_id)?;
    transaction.pragma_update(None, "user_version", steps.len())?;
    transaction.execute("INSERT OR REPLACE INTO meta(key, value) VALUES('schema', ?1)", [steps.len().to_string()])?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_gets_the_missing_steps_and_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 1, LIVE_STEPS).unwrap();
        connection.execute("INSERT INTO consent VALUES('1', '2', 1, 3, 'STOP', NULL)", []).unwrap();
        let longer = [LIVE_STEPS, &[Step::Sql("ALTER TABLE consent ADD COLUMN note TEXT")]].concat();
        migrate(&mut connection, 1, &longer).unwrap();
        migrate(&mut connection, 1, &longer).unwrap();
        let kept: (String, Option<String>) =
            connection.query_row("SELECT proof, note FROM consent", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(kept, ("STOP".to_owned(), None));
        let version: String =
            connection.query_row("SELECT value FROM meta WHERE key = 'schema'", [], |row| row.get(0)).unwrap();
        assert_eq!(version, longer.len().to_string());
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 1, LIVE_STEPS).unwrap();
        let broken = [LIVE_STEPS, &[Step::Sql("CREATE TABLE extra(a); SELECT nonsense")]].concat();
        migrate(&mut connection, 1, &broken).unwrap_err();
        let tables: i32 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
        let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, LIVE_STEPS.len());
    }
}
