//! How a day of the log is asked: which of its indexes finds the fewest rows, and in which steps it is read.
//!
//! An index on numbers is cut into *stretches* of so many rows as they were folded. Numbers come in no order, so a row lands
//! anywhere in the newest stretch, which memory holds, and not anywhere in a day, which it does not. A look-up finds the newest
//! rows of each stretch and reads the newest of them all. The status comes last in these indexes: rows of another one are passed
//! over without being read.
//!
//! The other indexes have the status before the id. A look-up that names none reads all statuses side by side, which SQLite
//! merges as it goes.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use septet_core::engine::Status;
use septet_core::page::LogRow;

use crate::{Filter, row};

/// The stretch of a row, as the indexes have it: its half million.
const STRETCH: &str = "n >> 19";
/// Rows that are counted at most where an index has to be chosen.
const COUNTED: u32 = 1_000;
/// So few rows need no better index.
const FEW: u32 = 100;
/// What an inbound message may end as; the other statuses are of outbound ones.
const INBOUND: [Status; 3] = [Status::Received, Status::HandedOver, Status::Dead];

/// Ends a statement of [`Way::sql`].
pub const NEWEST: &str = " ORDER BY id DESC LIMIT ?2";

/// One way to find the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Destination,
    Source,
    AccountStatus,
    Status,
    Id,
}

impl Way {
    fn index(self) -> &'static str {
        match self {
            Self::Destination => "message_destination",
            Self::Source => "message_source",
            Self::AccountStatus => "message_account_status",
            Self::Status => "message_status",
            Self::Id => "sqlite_autoindex_message_1",
        }
    }

    fn by_stretch(self) -> bool {
        matches!(self, Self::Destination | Self::Source)
    }

    fn by_status(self) -> bool {
        matches!(self, Self::AccountStatus | Self::Status)
    }

    /// The ways that this filter leaves; the first is best where nothing else is known. Never none.
    pub fn open_to(filter: &Filter) -> Vec<Self> {
        if filter.id.is_some() {
            return vec![Self::Id];
        }
        let mut ways = Vec::new();
        let mut add = |given: bool, way| {
            if given {
                ways.push(way);
            }
        };
        add(filter.destination.is_some(), Self::Destination);
        add(filter.source.is_some(), Self::Source);
        add(filter.account.is_some(), Self::AccountStatus);
        let status = filter.status.is_some() || filter.direction.is_some();
        add(status && filter.account.is_none(), Self::Status);
        if ways.is_empty() {
            ways.push(Self::Id);
        }
        ways
    }

    /// The statement, whose first parameter is the stretch and whose second the most rows.
    pub fn sql(self, filter: &Filter, columns: &str, conditions: &str) -> String {
        let select = format!("SELECT {columns} FROM message INDEXED BY {} WHERE 1{conditions}", self.index());
        if self.by_stretch() {
            return format!("{select} AND {STRETCH} = ?1");
        }
        if !self.by_status() || filter.status.is_some() {
            return select;
        }
        let inbound = filter.direction.as_deref().map(|direction| direction == "mo");
        let possible = Status::ALL.into_iter().filter(|status| inbound.is_none_or(|it| it == INBOUND.contains(status)));
        let each: Vec<_> = possible.map(|status| format!("{select} AND status = '{}'", status.name())).collect();
        each.join(" UNION ALL ")
    }
}

/// The rows of a day that match, newest first.
pub fn ask(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<LogRow>> {
    // A row that the fold replaces between two steps would be in neither.
    let snapshot = connection.unchecked_transaction()?;
    let way = choose(&snapshot, filter)?;
    let (conditions, mut values) = filter.conditions();
    let columns = if way.by_stretch() { "id, n" } else { row::MESSAGE };
    let sql = way.sql(filter, columns, &conditions) + NEWEST;
    let mut statement = snapshot.prepare_cached(&sql)?;
    if !way.by_stretch() {
        return statement.query_map(params_from_iter(&values), |it| row::message(it, 0))?.collect();
    }
    let mut found: Vec<(String, i64)> = Vec::new();
    stretches(&snapshot, |stretch| {
        values[0] = stretch;
        let rows = statement.query_map(params_from_iter(&values), |it| Ok((it.get(0)?, it.get(1)?)))?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?);
        Ok(true)
    })?;
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(filter.rows() as usize);
    let mut one = snapshot.prepare_cached(&format!("SELECT {} FROM message WHERE n = ?1", row::MESSAGE))?;
    found.iter().map(|(_, n)| one.query_row([n], |it| row::message(it, 0))).collect()
}

/// The way with the fewest rows in this day, as far as they are counted.
fn choose(connection: &Connection, filter: &Filter) -> rusqlite::Result<Way> {
    let ways = Way::open_to(filter);
    let mut best = (ways[0], u32::MAX);
    if let [only] = ways[..] {
        return Ok(only);
    }
    for way in ways {
        let rows = count(connection, filter, way)?;
        if rows < best.1 {
            best = (way, rows);
        }
        if rows <= FEW {
            break;
        }
    }
    Ok(best.0)
}

/// How many rows the way's own conditions leave, up to a limit.
fn count(connection: &Connection, filter: &Filter, way: Way) -> rusqlite::Result<u32> {
    let none =
        Filter { since: filter.since, until: filter.until, before_id: filter.before_id.clone(), ..Filter::default() };
    let own = match way {
        Way::Destination => Filter { destination: filter.destination.clone(), ..none },
        Way::Source => Filter { source: filter.source.clone(), ..none },
        Way::AccountStatus => Filter { account: filter.account.clone(), status: filter.status.clone(), ..none },
        Way::Status => Filter { status: filter.status.clone(), ..none },
        Way::Id => return Ok(COUNTED),
    };
    let (conditions, mut values) = own.conditions();
    // The direction says which statuses there may be, and is in no index.
    let wanted = Filter { direction: filter.direction.clone(), ..own };
    let sql = format!("SELECT count(*) FROM ({} LIMIT ?2)", way.sql(&wanted, "id", &conditions));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = 0;
    let mut one = |stretch| {
        values[0] = stretch;
        values[1] = Value::Integer((COUNTED - rows).into());
        rows += statement.query_row(params_from_iter(&values), |it| it.get::<_, u32>(0))?;
        Ok(rows < COUNTED)
    };
    if way.by_stretch() {
        stretches(connection, one)?;
    } else {
        one(Value::Null)?;
    }
    Ok(rows)
}

/// Calls `on` for each stretch, newest first, until it says `false`.
fn stretches(connection: &Connection, mut on: impl FnMut(Value) -> rusqlite::Result<bool>) -> rusqlite::Result<()> {
    let sql = format!("SELECT {STRETCH} FROM message ORDER BY n DESC LIMIT 1");
    let newest: Option<i64> = connection.prepare_cached(&sql)?.query_row([], |it| it.get(0)).optional()?;
    let mut left = (0..=newest.unwrap_or(0)).rev();
    while left.next().map(|stretch| on(Value::Integer(stretch))).transpose()?.unwrap_or(false) {}
    Ok(())
}
