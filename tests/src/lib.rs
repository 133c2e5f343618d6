//! Nothing but the code of the README, which is compiled and run as a test of this package.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
