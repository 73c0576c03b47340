//! Which message rows a look-up wants, and how SQLite is asked for them.

use rusqlite::types::Value;
use septet_core::clock::WallMs;
use septet_core::page::LogRow;

/// Rows a single look-up may return.
const MOST_ROWS: u32 = 10_000;

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

    /// The statement and its parameters.
    pub(crate) fn sql(&self) -> (String, Vec<Value>) {
        let mut sql = String::from(
            "SELECT id, direction, account, source, destination, status, created, updated, record \
             FROM message WHERE 1",
        );
        let mut values = Vec::new();
        let mut add = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                sql.push_str(" AND ");
                sql.push_str(condition);
                values.push(value);
            }
        };
        let text = |value: &Option<String>| value.clone().map(Value::Text);
        let time = |value: Option<WallMs>| value.map(|ms| Value::Integer(i64::try_from(ms).unwrap_or(i64::MAX)));
        // A short code has millions of rows, a person's number a few. `+` keeps SQLite from the index of the shorter.
        let (source, destination) = match (&self.source, &self.destination) {
            (Some(from), Some(to)) if from.len() > to.len() => ("source = ?", "+destination = ?"),
            (Some(_), Some(_)) => ("+source = ?", "destination = ?"),
            _ => ("source = ?", "destination = ?"),
        };
        add("id = ?", text(&self.id));
        add("id < ?", text(&self.before_id));
        add(destination, text(&self.destination));
        add(source, text(&self.source));
        add("account = ?", text(&self.account));
        add("status = ?", text(&self.status));
        add("direction = ?", text(&self.direction));
        add("created >= ?", time(self.since));
        add("created < ?", time(self.until));
        sql.push_str(" ORDER BY id DESC LIMIT ?");
        values.push(Value::Integer(self.rows().into()));
        (sql, values)
    }

    /// The same conditions for a store without SQL.
    pub(crate) fn matches(&self, row: &LogRow) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        same(&self.id, &row.id)
            && same(&self.account, &row.account)
            && same(&self.source, &row.from)
            && same(&self.destination, &row.to)
            && same(&self.status, row.status)
            && same(&self.direction, row.direction)
            && self.since.is_none_or(|since| row.created >= since)
            && self.until.is_none_or(|until| row.created < until)
            && self.before_id.as_deref().is_none_or(|before| row.id.as_str() < before)
    }
}
