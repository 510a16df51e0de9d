//! The tick, the run and its recovery: what [`crate::domain`] decides, carried out with
//! [`crate::store`] and [`crate::exec`].
//!
//! It prints nothing; what there is to say is returned or logged.
