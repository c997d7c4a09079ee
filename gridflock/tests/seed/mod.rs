//! Seeds of random tests: printed, and repeatable with `TEST_SEED`; `TEST_CASES` makes a run longer.

use proptest::test_runner::{Config, RngSeed};
use std::hash::{BuildHasher, Hasher, RandomState};

fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.into_string().ok()?.parse().ok()
}

/// The seed of `make test`, so that it says the same of the same tree; `make soak` draws new ones.
const SEED: u64 = 20_261_126;

/// A configuration with `cases` cases, unless the environment says otherwise.
pub(crate) fn config(cases: u32) -> Config {
    let is_soak = std::env::var_os("SOAK").is_some();
    let drawn = if is_soak { RandomState::new().build_hasher().finish() } else { SEED };
    let seed = number("TEST_SEED").unwrap_or(drawn);
    let cases = number("TEST_CASES").and_then(|n| u32::try_from(n).ok()).unwrap_or(cases);
    show(seed, cases);
    Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() }
}

#[expect(clippy::print_stderr, reason = "the seed is shown with the output of a failed test")]
fn show(seed: u64, cases: u32) {
    eprintln!("TEST_SEED={seed} TEST_CASES={cases}");
}
