//! Counts as families of samples: (name, kind, [(labels, value)]); a histogram's value is (bounds, counts, sum).

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use septet_core::clock::Micros;
use septet_core::engine::{BOUNDS, Direction, Engine as Core, Histogram};
use septet_core::smpp::status;
use septet_store::Finished;

/// How long commits took.
#[derive(Default)]
pub(super) struct Commits(Histogram);

impl Commits {
    pub(super) fn observe(&mut self, finished: &Finished) {
        for seconds in &finished.commit_seconds {
            self.0.observe((f64::from(*seconds) * 1e6) as u64);
        }
    }
}

type Labels = Vec<String>;

fn histogram<'py>(py: Python<'py>, h: &Histogram) -> PyResult<Bound<'py, PyAny>> {
    let bounds: Vec<f64> = BOUNDS.iter().map(|b| *b as f64 / 1e6).collect();
    Ok((bounds, h.counts.to_vec(), h.sum as f64 / 1e6)
        .into_pyobject(py)?
        .into_any())
}

struct Families<'py> {
    py: Python<'py>,
    list: Bound<'py, PyList>,
}

impl<'py> Families<'py> {
    fn add<V>(
        &self,
        name: &str,
        kind: &str,
        samples: impl IntoIterator<Item = (Labels, V)>,
    ) -> PyResult<()>
    where
        V: IntoPyObject<'py>,
    {
        let rows = PyList::empty(self.py);
        for (labels, value) in samples {
            rows.append((PyTuple::new(self.py, labels)?, value))?;
        }
        self.list.append((name, kind, rows))
    }
}

pub(super) fn families<'py>(
    py: Python<'py>,
    core: &Core,
    commits: &Commits,
    now: Micros,
) -> PyResult<Bound<'py, PyList>> {
    let out = Families {
        py,
        list: PyList::empty(py),
    };
    let (tally, config) = (core.tally(), core.config());
    let account = |a: u16| {
        config
            .accounts
            .get(a as usize)
            .map_or(String::new(), |a| a.id.clone())
    };
    let carrier = |c: u16| {
        config
            .carriers
            .get(c as usize)
            .map_or(String::new(), |c| c.id.clone())
    };
    let number = |n: u16| {
        config
            .numbers
            .get(n as usize)
            .map_or(String::new(), |n| n.address.clone())
    };
    let carriers = || config.carriers.iter().zip(&tally.carriers).enumerate();
    let word = str::to_owned;

    let messages = tally.messages.iter().map(|((way, a, c, status), count)| {
        let way = if *way == Direction::Mt { "mt" } else { "mo" };
        (
            vec![word(way), account(*a), carrier(*c), word(status.name())],
            *count,
        )
    });
    out.add("messages_total", "counter", messages)?;
    out.add(
        "segments_total",
        "counter",
        carriers().map(|(_, (c, t))| (vec![c.id.clone()], t.segments)),
    )?;
    let responses = carriers().flat_map(|(_, (c, t))| {
        t.responses
            .iter()
            .map(|(code, count)| (vec![c.id.clone(), word(status::name(*code))], *count))
    });
    out.add("submit_responses_total", "counter", responses)?;
    let receipts = carriers().flat_map(|(_, (c, t))| {
        t.receipts
            .iter()
            .map(|(state, count)| (vec![c.id.clone(), word(state)], *count))
    });
    out.add("receipts_total", "counter", receipts)?;
    out.add(
        "receipts_unmatched_total",
        "counter",
        carriers().map(|(_, (c, t))| (vec![c.id.clone()], t.unmatched)),
    )?;
    let links = carriers().flat_map(|(i, (c, _))| {
        let up = core.links_up(i as u16).into_iter().enumerate();
        up.map(|(link, up)| (vec![c.id.clone(), link.to_string()], u8::from(up)))
    });
    out.add("link_up", "gauge", links)?;
    let used = carriers().map(|(i, (c, _))| (vec![c.id.clone()], core.in_flight(i as u16)));
    out.add("link_window_used", "gauge", used)?;
    let depth = carriers().map(|(i, (c, _))| (vec![c.id.clone()], core.queue_depth(i as u16)));
    out.add("queue_depth", "gauge", depth)?;
    let oldest = core.oldest_ms(now);
    let age = carriers().map(|(i, (c, _))| {
        let ms = oldest.get(&(i as u16)).copied().unwrap_or(0);
        (vec![c.id.clone()], ms as f64 / 1e3)
    });
    out.add("queue_oldest_seconds", "gauge", age)?;
    out.add(
        "accept_seconds",
        "histogram",
        [(vec![], histogram(py, &tally.accept)?)],
    )?;
    out.add(
        "store_commit_seconds",
        "histogram",
        [(vec![], histogram(py, &commits.0)?)],
    )?;
    let mut by_carrier = (Vec::new(), Vec::new());
    for (_, (c, t)) in carriers() {
        by_carrier
            .0
            .push((vec![c.id.clone()], histogram(py, &t.submit)?));
        by_carrier
            .1
            .push((vec![c.id.clone()], histogram(py, &t.delivery)?));
    }
    out.add("submit_seconds", "histogram", by_carrier.0)?;
    out.add("delivery_seconds", "histogram", by_carrier.1)?;
    let by_account = tally
        .throttled
        .iter()
        .map(|(a, count)| (vec![word("account"), account(*a)], *count));
    let throttled =
        carriers().map(|(_, (c, t))| (vec![word("carrier"), c.id.clone()], t.throttled));
    out.add("throttled_total", "counter", by_account.chain(throttled))?;
    let mut keywords = std::collections::BTreeMap::new();
    for ((n, k), count) in &tally.keywords {
        let rule = config
            .keywords
            .get(*k as usize)
            .map_or(String::new(), |k| k.id.clone());
        *keywords.entry(vec![number(*n), rule]).or_insert(0) += count;
    }
    out.add("keyword_matches_total", "counter", keywords)?;
    out.add(
        "optouts_total",
        "counter",
        tally
            .optouts
            .iter()
            .map(|(n, count)| (vec![number(*n)], *count)),
    )?;
    out.add(
        "blocked_total",
        "counter",
        tally
            .blocked
            .iter()
            .map(|(reason, count)| (vec![word(reason)], *count)),
    )?;
    let bad = tally
        .bad_pdus
        .iter()
        .map(|((peer, reason), count)| (vec![peer.clone(), word(reason)], *count));
    out.add("bad_pdus_total", "counter", bad)?;
    Ok(out.list)
}
