//! Runs recorded cases: what goes in, what came out of the original, and where we differ on purpose.
