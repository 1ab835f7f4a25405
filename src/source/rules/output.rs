//! TODO by its owner.
crate::rules! {}
