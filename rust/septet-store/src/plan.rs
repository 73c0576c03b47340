//! How a day of the log is asked: which of its indexes finds the fewest rows, and in which steps it is read.
//!
//! An index on numbers is cut into *stretches*, by the first characters of the id: 70 minutes each. Numbers come in no order, so
//! a row lands anywhere in its stretch, which memory holds, and not anywhere in a day, which it does not. A look-up reads
//! stretch after stretch, from the newest back. The status comes last in it: rows of another one are passed over without being read.
//!
//! The other indexes have the status before the id. A look-up that names none reads all statuses side by side, which SQLite
//! merges as it goes.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use septet_core::engine::Status;
use septet_core::page::LogRow;

use crate::{Filter, row};

/// Characters of an id that name its stretch: 2^22 milliseconds.
const STRETCH: usize = 4;
/// The stretch of a row, as the indexes have it.
const OF: &str = "substr(id, 1, 4)";
/// Rows that are counted at most where an index has to be chosen.
const COUNTED: u32 = 1_000;
/// So few rows need no better index.
const FEW: u32 = 100;
/// What an inbound message may end as; the other statuses are of outbound ones.
const INBOUND: [Status; 3] = [Status::Received, Status::HandedOver, Status::Dead];

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
            return format!("{select} AND {OF} = ?1");
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
    let way = choose(connection, filter)?;
    let (conditions, mut values) = filter.conditions();
    let sql = way.sql(filter, row::MESSAGE, &conditions) + " ORDER BY id DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = Vec::new();
    let most = filter.rows();
    stretches(connection, filter, way, |stretch| {
        values[0] = stretch;
        values[1] = Value::Integer(i64::from(most) - found.len() as i64);
        for row in statement.query_map(params_from_iter(&values), |it| row::message(it, 0))? {
            found.push(row?);
        }
        Ok(found.len() < most as usize)
    })?;
    Ok(found)
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
    stretches(connection, filter, way, |stretch| {
        values[0] = stretch;
        values[1] = Value::Integer((COUNTED - rows).into());
        rows += statement.query_row(params_from_iter(&values), |it| it.get::<_, u32>(0))?;
        Ok(rows < COUNTED)
    })?;
    Ok(rows)
}

/// Calls `on` for each stretch that has rows, newest first, until it says `false`; once, if the way has none.
fn stretches(
    connection: &Connection,
    filter: &Filter,
    way: Way,
    mut on: impl FnMut(Value) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    if !way.by_stretch() {
        return on(Value::Null).map(drop);
    }
    let (first, before) = filter.ids();
    // After every id.
    let mut before = before.unwrap_or_else(|| "~".to_owned());
    let mut newest = connection.prepare_cached("SELECT id FROM message WHERE id < ?1 ORDER BY id DESC LIMIT 1")?;
    loop {
        let id: Option<String> = newest.query_row([&before], |it| it.get(0)).optional()?;
        let Some(id) = id.filter(|id| first.as_ref().is_none_or(|first| id >= first)) else { return Ok(()) };
        let stretch: String = id.chars().take(STRETCH).collect();
        if !on(Value::Text(stretch.clone()))? {
            return Ok(());
        }
        // Before every id of the stretch.
        before = stretch;
    }
}
