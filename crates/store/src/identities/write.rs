//! Writing people.
