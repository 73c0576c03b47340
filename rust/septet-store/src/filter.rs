//! Which message rows a look-up wants.

use std::fmt::Write as _;

use rusqlite::types::Value;
use septet_core::clock::WallMs;
use septet_core::engine::Id;

use crate::day::Day;
use crate::ended::Seen;
use crate::plan::{NEWEST, Way};
use crate::row;

/// Rows a single look-up may return.
const MOST_ROWS: u32 = 10_000;
/// Ids hold 42 bits of milliseconds.
const LAST_ID: WallMs = (1 << 42) - 1;

/// Conditions that a row must all meet; `None` means any. Rows come newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The account's id.
    pub account: Option<String>,
    /// The message's id.
    pub id: Option<String>,
    /// Source address, exactly.
    pub source: Option<String>,
    /// Destination address, exactly.
    pub destination: Option<String>,
    /// The carrier's id; no index helps with it.
    pub carrier: Option<String>,
    /// The status's name.
    pub status: Option<String>,
    /// `mt` or `mo`.
    pub direction: Option<String>,
    /// Accepted at this time or later.
    pub since: Option<WallMs>,
    /// Accepted before this time.
    pub until: Option<WallMs>,
    /// The cursor: only rows with a smaller id, which are the older ones.
    pub before_id: Option<String>,
    /// At most so many rows; never more than 10,000.
    pub limit: usize,
}

impl Default for Filter {
    /// The newest 100 messages.
    fn default() -> Self {
        Self {
            account: None,
            id: None,
            source: None,
            destination: None,
            carrier: None,
            status: None,
            direction: None,
            since: None,
            until: None,
            before_id: None,
            limit: 100,
        }
    }
}

impl Filter {
    pub(crate) fn rows(&self) -> u32 {
        u32::try_from(self.limit).unwrap_or(MOST_ROWS).min(MOST_ROWS)
    }

    /// Ids lie in this range: the first belongs to it, the second does not. An id carries the time of its message, so time
    /// needs no index of its own.
    pub(crate) fn ids(&self) -> (Option<String>, Option<String>) {
        let floor = |at: WallMs| Id::floor(at.min(LAST_ID)).to_string();
        let until = self.until.filter(|until| *until < LAST_ID).map(floor);
        let before = match (until, self.before_id.clone()) {
            (Some(until), Some(before)) => Some(until.min(before)),
            (until, before) => until.or(before),
        };
        (self.since.map(floor), before)
    }

    /// The days that rows may lie in, inclusive.
    pub(crate) fn days(&self) -> (Option<Day>, Option<Day>) {
        if let Some(id) = &self.id {
            let day = Day::of_id(id);
            return (Some(day), Some(day));
        }
        let (since, before) = self.ids();
        (since.map(|id| Day::of_id(&id)), before.map(|id| Day::of_id(&id)))
    }

    /// The statements that a day may be asked with, each with its parameters: for whoever wants to see SQLite's plans of them.
    pub fn statements(&self) -> Vec<(String, Vec<Value>)> {
        let (conditions, values) = self.conditions();
        let ways = Way::open_to(self).into_iter();
        ways.map(|way| (way.sql(self, row::MESSAGE, &conditions) + NEWEST, values.clone())).collect()
    }

    /// The conditions, and the values of the parameters: two that are for whoever asks, then those of the conditions.
    pub(crate) fn conditions(&self) -> (String, Vec<Value>) {
        let mut sql = String::new();
        let mut values = vec![Value::Null, Value::Integer(self.rows().into())];
        let mut add = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                values.push(value);
                let _ = write!(sql, " AND {condition} ?{}", values.len());
            }
        };
        let text = |value: &Option<String>| value.clone().map(Value::Text);
        let (first, before) = self.ids();
        add("id =", text(&self.id));
        add("id >=", text(&first));
        add("id <", text(&before));
        add("destination =", text(&self.destination));
        add("source =", text(&self.source));
        add("account =", text(&self.account));
        add("carrier =", text(&self.carrier));
        add("status =", text(&self.status));
        add("direction =", text(&self.direction));
        (sql, values)
    }

    /// The same conditions where there is no SQL.
    pub(crate) fn matches(&self, row: &Seen<'_>) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        same(&self.id, row.id)
            && same(&self.account, row.account)
            && same(&self.source, row.from)
            && same(&self.destination, row.to)
            && same(&self.carrier, row.carrier)
            && same(&self.status, row.status)
            && same(&self.direction, row.direction)
            && self.since.is_none_or(|since| row.created >= since)
            && self.until.is_none_or(|until| row.created < until)
            && self.before_id.as_deref().is_none_or(|before| row.id < before)
    }
}
