//! What can go wrong with a call to Shopify, sorted by what it says about whether the call was executed.

use std::time::Duration;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum ShopifyError {
    /// Never reached the shop.
    #[error("{operation}: no connection to the shop")]
    NotSent {
        /// Operation.
        operation: &'static str,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// Sent, and no usable answer came: a mutation may have been executed.
    #[error("{operation}: no usable answer: {what}")]
    NoAnswer {
        /// Operation.
        operation: &'static str,
        /// What came instead.
        what: String,
    },
    /// Not executed for now.
    #[error("{operation}: the shop asks to wait {wait:?}")]
    Throttled {
        /// Operation.
        operation: &'static str,
        /// How long.
        wait: Duration,
    },
    /// The token is not good, or a scope is missing: nothing was executed.
    #[error("{operation}: the shop refuses access: {what}")]
    Denied {
        /// Operation.
        operation: &'static str,
        /// Shopify's words.
        what: String,
    },
    /// Refused with a reason: nothing was executed.
    #[error("{operation}: refused: {what}")]
    Refused {
        /// Operation.
        operation: &'static str,
        /// Shopify's words.
        what: String,
    },
}

impl ShopifyError {
    /// Whether a mutation may have been executed all the same: look before calling again.
    #[must_use]
    pub const fn may_have_worked(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::NotSent { .. } | Self::Throttled { .. } | Self::Denied { .. } | Self::Refused { .. } => {
                false
            }
        }
    }

    /// Whether waiting may help without anybody doing anything.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::NotSent { .. } | Self::NoAnswer { .. } | Self::Throttled { .. } => true,
            Self::Denied { .. } | Self::Refused { .. } => false,
        }
    }

    /// For the person who sees it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotSent { .. } => "The shop cannot be reached.".into(),
            Self::NoAnswer { .. } => "The shop did not answer.".into(),
            Self::Throttled { .. } => "The shop asks us to slow down.".into(),
            Self::Denied { what, .. } => format!("The shop refuses access: {what}"),
            Self::Refused { what, .. } => format!("The shop said: {what}"),
        }
    }
}
