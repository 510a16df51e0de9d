//! The commands: their arguments, and the only place that prints.
