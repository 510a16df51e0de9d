//! What an agent can reach beyond its worktree.

pub mod secret_places;
