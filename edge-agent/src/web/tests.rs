//! Doors that stay shut, and words that say why.
