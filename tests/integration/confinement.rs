//! What an agent with a shell can reach beyond its worktree.

mod planted;
