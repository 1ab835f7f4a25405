//! Floor 1: what the sources mean ([`machine`], [`job`], [`cluster`], [`function`], [`trigger`], joined in
//! [`estate`]), when it starts ([`schedule`]) and what will run ([`plan`]).
pub mod cluster;
pub mod control;
pub mod estate;
pub mod function;
pub mod job;
pub mod machine;
pub mod plan;
pub mod poll;
pub mod quantity;
pub mod schedule;
pub mod trigger;
pub mod value;
