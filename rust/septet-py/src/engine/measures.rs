//! Counts as families of samples: (name, kind, [(labels, value)]); a histogram's value is (bounds, counts, sum).

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use septet_core::clock::Micros;
use septet_core::engine::tables::Config;
use septet_core::engine::{BOUNDS, CarrierTally, Direction, Engine as Core, Histogram};
use septet_core::smpp::status;
use septet_store::Finished;

/// What is known of the store's work.
#[derive(Default)]
pub(super) struct Commits {
    /// How long commits took.
    seconds: Histogram,
    failed: bool,
    low: bool,
    waiting: u64,
    /// The last thing said about a log that cannot be folded.
    pub(super) log_failed: Option<String>,
}

impl Commits {
    pub(super) fn observe(&mut self, finished: &Finished) {
        (self.failed, self.low) = (finished.failed.is_some(), finished.low);
        self.waiting = finished.waiting;
        if finished.log_failed.is_none() {
            self.log_failed = None;
        }
        for seconds in &finished.commit_seconds {
            self.seconds.observe((f64::from(*seconds) * 1e6) as u64);
        }
    }
}

type Labels = Vec<String>;

fn histogram<'py>(py: Python<'py>, h: &Histogram) -> PyResult<Bound<'py, PyAny>> {
    let bounds: Vec<f64> = BOUNDS.iter().map(|b| *b as f64 / 1e6).collect();
    Ok((bounds, h.counts.to_vec(), h.sum as f64 / 1e6).into_pyobject(py)?.into_any())
}

/// The families made so far, and the names behind the engine's indexes.
struct Families<'a, 'py> {
    py: Python<'py>,
    core: &'a Core,
    config: &'a Config,
    list: Bound<'py, PyList>,
}

impl<'py> Families<'_, 'py> {
    fn add<V>(&self, name: &str, kind: &str, samples: impl IntoIterator<Item = (Labels, V)>) -> PyResult<()>
    where
        V: IntoPyObject<'py>,
    {
        let rows = PyList::empty(self.py);
        for (labels, value) in samples {
            rows.append((PyTuple::new(self.py, labels)?, value))?;
        }
        self.list.append((name, kind, rows))
    }

    /// A sample for each carrier.
    fn each<V>(&self, name: &str, kind: &str, of: impl Fn(u16, &CarrierTally) -> V) -> PyResult<()>
    where
        V: IntoPyObject<'py>,
    {
        let carriers = self.config.carriers.iter().zip(&self.core.tally().carriers).enumerate();
        self.add(name, kind, carriers.map(|(i, (c, t))| (vec![c.id.clone()], of(i as u16, t))))
    }

    /// Samples for each carrier and a second label.
    fn each_by<K: ToString, V>(&self, name: &str, of: impl Fn(u16, &CarrierTally) -> Vec<(K, V)>) -> PyResult<()>
    where
        V: IntoPyObject<'py>,
    {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let carriers = self.config.carriers.iter().zip(&self.core.tally().carriers).enumerate();
        let rows = carriers.flat_map(|(i, (c, t))| {
            let second = of(i as u16, t).into_iter();
            second.map(|(label, value)| (vec![c.id.clone(), label.to_string()], value))
        });
        self.add(name, kind, rows)
    }

    fn account(&self, index: u16) -> String {
        self.config.accounts.get(index as usize).map_or(String::new(), |a| a.id.clone())
    }

    fn carrier(&self, index: u16) -> String {
        self.config.carriers.get(index as usize).map_or(String::new(), |c| c.id.clone())
    }

    fn number(&self, index: u16) -> String {
        self.config.numbers.get(index as usize).map_or(String::new(), |n| n.address.clone())
    }

    /// Links, queues and windows of the carriers, and what they said.
    fn carriers(&self, now: Micros) -> PyResult<()> {
        let core = self.core;
        self.each("segments_total", "counter", |_, t| t.segments)?;
        self.each_by("submit_responses_total", |_, t| {
            t.responses.iter().map(|(code, count)| (status::name(*code), *count)).collect()
        })?;
        self.each_by("receipts_total", |_, t| t.receipts.iter().map(|(state, n)| (*state, *n)).collect())?;
        self.each("receipts_unmatched_total", "counter", |_, t| t.unmatched)?;
        self.each("alerts_total", "counter", |_, t| t.alerts)?;
        self.each("queries_total", "counter", |_, t| t.queries)?;
        self.each("queries_failed_total", "counter", |_, t| t.queries_failed)?;
        self.each("cancels_total", "counter", |_, t| t.cancels.written)?;
        self.each("cancels_failed_total", "counter", |_, t| t.cancels.failed)?;
        self.each("replaces_total", "counter", |_, t| t.replaces.written)?;
        self.each("replaces_failed_total", "counter", |_, t| t.replaces.failed)?;
        self.each("receipts_duplicate_total", "counter", |_, t| t.duplicates)?;
        self.each_by("link_up", |i, _| core.links_up(i).into_iter().map(u8::from).enumerate().collect())?;
        self.each("link_window_used", "gauge", |i, _| core.in_flight(i))?;
        self.each("queue_depth", "gauge", |i, _| core.queue_depth(i))?;
        let oldest = core.oldest_ms(now);
        let age = |i: u16, _: &CarrierTally| oldest.get(&i).map_or(0.0, |ms| *ms as f64 / 1e3);
        self.each("queue_oldest_seconds", "gauge", age)?;
        let (mut submit, mut delivery) = (Vec::new(), Vec::new());
        for (carrier, tally) in self.config.carriers.iter().zip(&core.tally().carriers) {
            submit.push((vec![carrier.id.clone()], histogram(self.py, &tally.submit)?));
            delivery.push((vec![carrier.id.clone()], histogram(self.py, &tally.delivery)?));
        }
        self.add("submit_seconds", "histogram", submit)?;
        self.add("delivery_seconds", "histogram", delivery)
    }

    /// Messages, what was refused, and what people wrote.
    fn messages(&self) -> PyResult<()> {
        let tally = self.core.tally();
        let word = str::to_owned;
        let messages = tally.messages.iter().map(|((way, account, carrier, status), count)| {
            let way = if *way == Direction::Mt { "mt" } else { "mo" };
            (vec![word(way), self.account(*account), self.carrier(*carrier), word(status.name())], *count)
        });
        self.add("messages_total", "counter", messages)?;
        let accounts = tally.throttled.iter().map(|(a, count)| (vec![word("account"), self.account(*a)], *count));
        let carriers = self.config.carriers.iter().zip(&tally.carriers);
        let throttled = carriers.map(|(c, t)| (vec![word("carrier"), c.id.clone()], t.throttled));
        self.add("throttled_total", "counter", accounts.chain(throttled))?;
        let mut keywords = BTreeMap::new();
        for ((number, keyword), count) in &tally.keywords {
            let rule = self.config.keywords.get(*keyword as usize).map_or(String::new(), |k| k.id.clone());
            // The words of one rule are one keyword.
            *keywords.entry(vec![self.number(*number), rule]).or_insert(0) += count;
        }
        self.add("keyword_matches_total", "counter", keywords)?;
        self.add("optouts_total", "counter", tally.optouts.iter().map(|(n, c)| (vec![self.number(*n)], *c)))?;
        self.add("blocked_total", "counter", tally.blocked.iter().map(|(reason, c)| (vec![word(reason)], *c)))?;
        let bad = tally.bad_pdus.iter().map(|((peer, reason), c)| (vec![peer.clone(), word(reason)], *c));
        self.add("bad_pdus_total", "counter", bad)
    }
}

/// Every family that the engine counts.
pub(super) fn families<'py>(
    py: Python<'py>,
    core: &Core,
    commits: &Commits,
    now: Micros,
) -> PyResult<Bound<'py, PyList>> {
    let families = Families { py, core, config: core.config(), list: PyList::empty(py) };
    families.messages()?;
    families.carriers(now)?;
    families.add("accept_seconds", "histogram", [(vec![], histogram(py, &core.tally().accept)?)])?;
    let states = [("failed", commits.failed), ("low", commits.low), ("log_failed", commits.log_failed.is_some())];
    families.add("store_trouble", "gauge", states.map(|(name, is)| (vec![name.to_owned()], u64::from(is))))?;
    families.add("store_log_waiting", "gauge", [(vec![], commits.waiting)])?;
    families.add("store_commit_seconds", "histogram", [(vec![], histogram(py, &commits.seconds)?)])?;
    Ok(families.list)
}
