//! Shared by the test targets of this crate.
