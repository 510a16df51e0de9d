//! The terminal while `scheduler top` has it: given back as it was, however the program ends.

use anyhow::{Context as _, Result};
use ratatui::{DefaultTerminal, Frame};

/// The whole screen. Dropped, it is given back; a panic gives it back before its message is printed.
#[derive(Debug)]
pub struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the screen: raw keys, and a page of its own beside what was printed before.
    ///
    /// # Errors
    /// It is no terminal that can do that.
    pub fn open() -> Result<Self> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                // Half of it may be done.
                give_back();
                Err(error).context("the terminal can't show a full screen; `scheduler status` prints the same once")
            }
        }
    }

    /// Draws once.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        self.terminal.draw(draw).context("the terminal")?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    // A terminal that has gone needs nothing back.
    let _ = ratatui::try_restore();
}
