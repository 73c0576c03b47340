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
    /// Nine hundred and ninety-nine of a thousand were not slower.
    pub p99_9: Micros,
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

    /// The value that `share` of 1000 do not exceed: the upper edge of its bucket, at most the longest. 0 if empty.
    pub fn quantile(&self, share: u64) -> Micros {
        let wanted = (u128::from(self.total) * u128::from(share)).div_ceil(1000);
        let mut seen = 0_u128;
        for (at, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if *count > 0 && seen >= wanted {
                return upper_edge(at).min(self.longest);
            }
        }
        self.longest
    }

    /// The usual five.
    pub fn latency(&self) -> Latency {
        let [p50, p90, p99, p99_9] = [500, 900, 990, 999].map(|share| self.quantile(share));
        Latency { p50, p90, p99, p99_9, max: self.longest }
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
        for (share, truth) in [(500, 5_000), (900, 9_000), (990, 9_900), (999, 9_990), (1000, 10_000)] {
            let shown = histogram.quantile(share);
            assert!(shown >= truth && shown * 32 <= truth * 33, "{share}: {shown}");
        }
        assert_eq!(histogram.latency().max, 10_000);
    }
}
