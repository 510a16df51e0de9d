//! Which of the points are swept: all of them, or a sample that a printed seed chooses.

use proptest::test_runner::{Config as ProptestConfig, RngSeed};

/// Whether the whole sweep was asked for.
pub fn is_full() -> bool {
    std::env::var("SCHEDULER_FAULT").is_ok_and(|value| value == "full")
}

/// The seed of every run that names no other: a failure is seen again by whoever runs the tests again.
const SEED: u64 = 1;

/// The number that decides which points a sample holds, and everything else that is random here.
pub fn seed() -> u64 {
    match std::env::var("SCHEDULER_FAULT_SEED") {
        Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("SCHEDULER_FAULT_SEED is no number: {seed:?}")),
        Err(_) => SEED,
    }
}

/// The settings of a property test of so many cases, random by [`seed`] alone.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed()), ..ProptestConfig::default() }
}

/// Every item, or `count` of them, spread evenly over all and shifted by the seed.
pub fn choose<T: Clone>(items: &[T], count: usize) -> Vec<T> {
    if is_full() || items.len() <= count {
        return items.to_vec();
    }
    let shift = usize::try_from(seed() % items.len() as u64).unwrap_or(0);
    let mut chosen: Vec<usize> = (0..count).map(|n| (n * items.len() / count + shift) % items.len()).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|index| items[index].clone()).collect()
}

/// Says how many points were swept. None is a failure: then the sweep itself is broken.
#[track_caller]
pub fn report(sweep: &str, swept: usize, found: usize) {
    // Past the capture of the test harness: the count belongs into the log of every run.
    use std::io::Write;
    let line = format!("fault: {sweep}: {swept} of {found} points swept (seed {})\n", seed());
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
    assert!(swept > 0, "{sweep}: no point was swept");
}
