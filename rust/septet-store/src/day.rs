//! Days of the log: which one a message belongs to, and the name of its file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use septet_core::clock::WallMs;
use septet_core::engine::Id;
use septet_core::smpp::time;

/// A day in UTC, named by its first millisecond. Years outside 2000 to 2099 count as the nearest day inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(WallMs);

const LENGTH: WallMs = 24 * 3600 * 1000;
/// 2000-01-01 and 2099-12-31.
const FIRST: WallMs = 10_957 * LENGTH;
const LAST: WallMs = 47_481 * LENGTH;
const PREFIX: &str = "log-";
const SUFFIX: &str = ".db";

impl Day {
    pub fn of(at: WallMs) -> Self {
        Self((at - at % LENGTH).clamp(FIRST, LAST))
    }

    /// An id carries its time, so a row has one day, however often it is folded. What is no id belongs to the first day.
    pub fn of_id(id: &str) -> Self {
        Self::of(Id::parse(id.as_bytes()).map_or(0, Id::at))
    }

    pub fn back(self, days: u32) -> Self {
        Self(self.0.saturating_sub(WallMs::from(days) * LENGTH).max(FIRST))
    }

    /// `log-2026-11-25.db`
    pub fn file_name(self) -> String {
        let mut stamp = Vec::new();
        time::write_stamp(&mut stamp, self.0);
        let stamp = String::from_utf8_lossy(&stamp);
        format!("{PREFIX}20{}-{}-{}{SUFFIX}", &stamp[..2], &stamp[2..4], &stamp[4..6])
    }

    fn parse(name: &str) -> Option<Self> {
        let date = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let digits: String = date.chars().filter(|c| *c != '-').collect();
        let day = Self::of(time::parse_stamp(format!("{digits}000000").as_bytes())?);
        (day.file_name() == name).then_some(day)
    }

    pub fn path(self, folder: &Path) -> PathBuf {
        folder.join(self.file_name())
    }
}

/// The days that have a file, newest first.
pub fn list(folder: &Path) -> io::Result<Vec<Day>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(folder)? {
        days.extend(entry?.file_name().to_str().and_then(Day::parse));
    }
    days.sort_unstable_by(|a, b| b.cmp(a));
    Ok(days)
}

/// The files that SQLite keeps for one database.
pub fn files(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_by_its_date_and_found_by_its_name() {
        let day = Day::of(1_795_564_800_000 + 5);
        assert_eq!(day.file_name(), "log-2026-11-25.db");
        assert_eq!(day, Day::of(1_795_564_800_000 + LENGTH - 1));
        assert_ne!(day, Day::of(1_795_564_800_000 + LENGTH));
        assert_eq!(Day::parse("log-2026-11-25.db"), Some(day));
        assert_eq!(day.back(25).file_name(), "log-2026-10-31.db");
        for name in ["log-2026-11-25.db-wal", "log-2026-13-25.db", "log-20261125.db", "septet.db", "log-.db"] {
            assert_eq!(Day::parse(name), None, "{name}");
        }
    }

    #[test]
    fn any_time_has_a_day_whose_name_reads_back() {
        for at in [0, FIRST - 1, FIRST, LAST, LAST + LENGTH, u64::MAX] {
            let day = Day::of(at);
            assert_eq!(Day::parse(&day.file_name()), Some(day), "{at}");
        }
        assert_eq!(Day::of_id("nonsense"), Day::of(0));
    }
}
