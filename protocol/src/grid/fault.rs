//! What is wrong with grid parameters: the field, its value, and what would be right.

use std::fmt;

/// Longest piece of somebody's value that is repeated in a message, in characters.
const VALUE_CHARS_MAX: usize = 60;

/// One fault of one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecFault {
    /// Name of the parameter as it was sent.
    pub field: String,
    /// Its value as text, cut to a readable length.
    pub value: String,
    /// What would be right, as the end of a sentence: "a length from 10 to 2000 mm".
    pub wanted: String,
}

impl SpecFault {
    /// A fault of `field`; long values are cut.
    #[must_use]
    pub fn new(field: &str, value: impl fmt::Display, wanted: impl Into<String>) -> Self {
        Self { field: field.to_owned(), value: shorten(&value.to_string()), wanted: wanted.into() }
    }
}

impl fmt::Display for SpecFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}; {}", self.field, self.value, self.wanted)
    }
}

/// All faults of a set of parameters; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", join(.0))]
pub struct SpecFaults(Vec<SpecFault>);

impl SpecFaults {
    /// `Ok` if nothing was found.
    ///
    /// # Errors
    /// All of `faults`, in the order in which they were found, if there is at least one.
    pub fn none_of(faults: Vec<SpecFault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }

    /// A single fault.
    #[must_use]
    pub(super) fn one(field: &str, value: impl fmt::Display, wanted: impl Into<String>) -> Self {
        Self(vec![SpecFault::new(field, value, wanted)])
    }

    /// The faults, at least one.
    #[must_use]
    pub fn list(&self) -> &[SpecFault] {
        &self.0
    }
}

fn join(faults: &[SpecFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// `text` on one line and at most [`VALUE_CHARS_MAX`] characters long.
pub(super) fn shorten(text: &str) -> String {
    let mut clean: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(VALUE_CHARS_MAX).collect();
    if text.chars().count() > VALUE_CHARS_MAX {
        clean.push('…');
    }
    clean
}
