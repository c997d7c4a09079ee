//! What can go wrong with a call to Sendcloud, sorted by what it says about whether the call was executed.

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum SendcloudError {
    /// Never reached the service.
    #[error("{call}: no connection to Sendcloud")]
    NotSent {
        /// Which call.
        call: &'static str,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// Sent, and no usable answer came: it may have been done.
    #[error("{call}: no usable answer: {what}")]
    NoAnswer {
        /// Which call.
        call: &'static str,
        /// What came instead.
        what: String,
    },
    /// Not done: too many calls.
    #[error("{call}: Sendcloud asks to slow down")]
    Throttled {
        /// Which call.
        call: &'static str,
    },
    /// Not done: the keys are not good.
    #[error("{call}: Sendcloud refuses the keys")]
    Denied {
        /// Which call.
        call: &'static str,
    },
    /// Not done: something in it is wrong.
    #[error("{call}: refused: {what}")]
    Refused {
        /// Which call.
        call: &'static str,
        /// Sendcloud's words, with the fields.
        what: String,
    },
    /// The shipment exists and has no label: 201 with a failure inside.
    #[error("{call}: the carrier refused: {what}")]
    Announcement {
        /// Which call.
        call: &'static str,
        /// The carrier's words.
        what: String,
    },
}

impl SendcloudError {
    /// For the person who sees it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotSent { .. } => "Sendcloud cannot be reached.".into(),
            Self::NoAnswer { .. } => "Sendcloud did not answer.".into(),
            Self::Throttled { .. } => "Sendcloud asks us to slow down.".into(),
            Self::Denied { .. } => "Sendcloud refuses our keys: check them in the settings.".into(),
            Self::Refused { what, .. } => format!("Sendcloud said: {what}"),
            Self::Announcement { what, .. } => format!("The carrier did not take the parcel: {what}"),
        }
    }
}
