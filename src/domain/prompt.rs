//! The instructions that an agent gets: one document, rendered from the role's template.
//!
//! Text of users and outsiders is inserted, never rendered; what outsiders wrote stands between tags that
//! carry a random delimiter. It reads no file and no clock: all there is to say is handed in.

mod built_in;
mod render;
mod skills;
mod view;

pub use built_in::{BUILT_IN, BuiltIn, built_in};
pub use render::{FRAME, render, render_resumed};
pub use skills::{Skill, skills_of};
pub use view::*;

#[cfg(test)]
mod tests;
