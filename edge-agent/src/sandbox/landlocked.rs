//! Landlock: the process and its children see what is named and reach no network.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus,
};

/// The first version that can also forbid TCP (kernel 6.7): without it a sandbox would still reach the network.
const NEEDED: ABI = ABI::V4;

/// Why Landlock cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LandlockError {
    /// The kernel refused, or lacks what is needed.
    #[error("the kernel's landlock lacks file and network rules (needs 6.7)")]
    Rules(#[from] RulesetError),
    /// A folder cannot be opened.
    #[error("cannot open a folder for landlock")]
    Path(#[from] landlock::PathFdError),
    /// Only part of the rules took.
    #[error("landlock took only part of the rules")]
    Partly,
}

/// Restricts this process: reads `readable` (those that exist), writes `writable`, no TCP.
///
/// # Errors
/// [`LandlockError`] unless every rule took.
pub(super) fn restrict(readable: &[&Path], writable: &Path) -> Result<(), LandlockError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(NEEDED))?
        .handle_access(AccessNet::from_all(NEEDED))?
        .create()?;
    for path in readable.iter().filter(|p| p.exists()) {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, AccessFs::from_read(NEEDED)))?;
    }
    rules = rules.add_rule(PathBeneath::new(PathFd::new(writable)?, AccessFs::from_all(NEEDED)))?;
    // Programs write their output away to /dev/null and read from /dev/urandom.
    let device = AccessFs::ReadFile | AccessFs::WriteFile;
    for path in ["/dev/null", "/dev/urandom"] {
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, device))?;
    }
    let status = rules.restrict_self()?;
    if status.ruleset == RulesetStatus::FullyEnforced { Ok(()) } else { Err(LandlockError::Partly) }
}
