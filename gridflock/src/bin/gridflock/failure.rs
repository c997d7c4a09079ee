//! What the command answers when it cannot do what was asked.

use gridflock::{GenerateError, PlanError};
use protocol::grid::SpecFaults;
use std::fmt;

/// A failure with its exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Bad usage or input: 2.
    Input(String),
    /// Not possible with these inputs: 3.
    Impossible(String),
    /// Anything else: 1.
    Other(anyhow::Error),
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Impossible(_) => 3,
            Self::Other(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(text) | Self::Impossible(text) => f.write_str(text),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<SpecFaults> for Failure {
    fn from(faults: SpecFaults) -> Self {
        let lines: Vec<String> = faults.list().iter().map(|fault| format!("  {fault}")).collect();
        Self::Input(format!("the parameters cannot be used:\n{}", lines.join("\n")))
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::OnlyUpstream | PlanError::BeyondOriginal { .. } => Self::Input(error.to_string()),
            PlanError::OtherGeometry { .. }
            | PlanError::BedTooSmall { .. }
            | PlanError::UpstreamFails { .. }
            | PlanError::UpstreamFrames { .. } => Self::Impossible(error.to_string()),
        }
    }
}

impl From<GenerateError> for Failure {
    fn from(error: GenerateError) -> Self {
        match error {
            GenerateError::FallsApart { .. } | GenerateError::NothingLeft { .. } => {
                Self::Impossible(error.to_string())
            }
            GenerateError::NoSuchPlate { .. }
            | GenerateError::NotStacked
            | GenerateError::Part { .. }
            | GenerateError::Solid { .. } => Self::Other(error.into()),
        }
    }
}
