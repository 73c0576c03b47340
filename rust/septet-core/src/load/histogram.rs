//! Latencies in log-linear buckets: exact below 32 µs, above it 32 buckets to each power of two, so within 3.2 %.

use crate::clock::Micros;

const BITS: u32 = 5;
const LINEAR: u64 = 1 << BITS;
const BUCKETS: usize = ((64 - BITS + 1) as usize) << BITS;

/// A distribution of microseconds. Its size does not depend on what it holds.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Box<[u64]>,
    total: u64,
    longest: Micros,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into(), total: 0, longest: 0 }
    }
}

/// What is shown of a distribution, in microseconds. All 0 where nothing was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half were not slower.
    pub p50: Micros,
    /// Nine of ten were not slower.
    pub p90: Micros,
    /// Ninety-nine of a hundred were not slower.
    pub p99: Micros,
    /// The slowest, exactly.
    pub max: Micros,
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, value: Micros) {
        self.counts[bucket(value)] += 1;
        self.total += 1;
        self.longest = self.longest.max(value);
    }

    /// The value that `percent` of 100 do not exceed: the upper edge of its bucket, at most the longest. 0 if empty.
    pub fn percentile(&self, percent: u64) -> Micros {
        let wanted = (u128::from(self.total) * u128::from(percent)).div_ceil(100);
        let mut seen = 0_u128;
        for (at, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if *count > 0 && seen >= wanted {
                return upper_edge(at).min(self.longest);
            }
        }
        self.longest
    }

    /// The usual four.
    pub fn latency(&self) -> Latency {
        Latency { p50: self.percentile(50), p90: self.percentile(90), p99: self.percentile(99), max: self.longest }
    }
}

const fn bucket(value: Micros) -> usize {
    if value < LINEAR {
        return value as usize;
    }
    let shift = value.ilog2() - BITS;
    ((shift as usize + 1) << BITS) + ((value >> shift) - LINEAR) as usize
}

const fn upper_edge(at: usize) -> Micros {
    if at < LINEAR as usize {
        return at as Micros;
    }
    let shift = (at >> BITS) as u32 - 1;
    let first = (LINEAR + (at as u64 & (LINEAR - 1))) << shift;
    first + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_holds_its_upper_edge_and_the_next_begins_behind_it() {
        for at in 0..BUCKETS - 1 {
            assert_eq!(bucket(upper_edge(at)), at);
            assert_eq!(bucket(upper_edge(at) + 1), at + 1);
        }
        assert_eq!(upper_edge(BUCKETS - 1), Micros::MAX);
    }

    #[test]
    fn percentiles_are_within_a_bucket_of_the_truth() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.latency(), Latency::default());
        (1..=10_000).for_each(|value| histogram.record(value));
        for (percent, truth) in [(50, 5_000), (90, 9_000), (99, 9_900), (100, 10_000)] {
            let shown = histogram.percentile(percent);
            assert!(shown >= truth && shown * 32 <= truth * 33, "{percent}: {shown}");
        }
        assert_eq!(histogram.latency().max, 10_000);
    }
}
