//! Conventions as a test.
