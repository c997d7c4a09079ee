//! Seeded choices: a run is repeated with `TEST_SEED`.

/// `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Seed {
    value: u64,
    state: u64,
}

impl Seed {
    /// The seed of `TEST_SEED`, or one of the process and the time; it is printed by the test.
    #[must_use]
    pub fn from_environment() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
        let given = std::env::var("TEST_SEED").ok().and_then(|text| text.parse().ok());
        let value = given.unwrap_or_else(|| {
            let bytes = std::fs::read("/proc/sys/kernel/random/uuid").unwrap_or_default();
            bytes.iter().fold(0_u64, |sum, b| sum.wrapping_mul(131).wrapping_add(u64::from(*b)))
        });
        Self { value, state: value }
    }

    /// The seed itself.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.value
    }

    /// A seed of its own for another part of the run, so that parts do not disturb one another's choices.
    #[must_use]
    pub const fn child(&mut self) -> Self {
        let value = self.below(u64::MAX);
        Self { value, state: value }
    }

    /// The next number below `n`.
    pub const fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % if n == 0 { 1 } else { n }
    }
}
