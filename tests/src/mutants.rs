//! The list of protecting rules and how each is switched off: `tests/mutants/mutants.toml`.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// A rule, and the change that takes it away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// The rule in words.
    pub rule: String,
    /// Where it is kept.
    pub file: String,
    find: String,
    replace: String,
    /// Arguments of `cargo test` that run the test.
    pub run: String,
    /// The test that must fail.
    pub test: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// All rules of the list.
///
/// # Errors
/// The list cannot be read.
pub fn list(root: &Path) -> anyhow::Result<Vec<Mutant>> {
    let path = root.join("tests/mutants/mutants.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    Ok(toml::from_str::<List>(&text).with_context(|| format!("read {}", path.display()))?.mutant)
}

impl Mutant {
    /// The text of its file without the rule.
    ///
    /// # Errors
    /// The place is not there, or there twice: the list is older than the code.
    pub fn switched_off(&self, text: &str) -> anyhow::Result<String> {
        let times = text.matches(&self.find).count();
        anyhow::ensure!(times == 1, "{}: its place is found {times} times in {}", self.rule, self.file);
        Ok(text.replace(&self.find, &self.replace))
    }
}
