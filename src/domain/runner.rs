//! A runner: a command that executes one path on another machine, with which runs are started there.
//!
//! It starts nothing and looks at nothing: what is seen of a run is handed in.

pub mod environment;
pub mod explained;
pub mod files;
pub mod heartbeat;
mod preset;
pub mod remote;
pub mod watch;

pub use preset::Kind;

use super::shell;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Names the machine that the ticks are on, where a runner could be named.
pub const LOCAL: &str = "local";

/// The only placeholder in the words of a runner: the name of the run.
const RUN: &str = "{run}";

/// How runs are started elsewhere, with all that a run needs to know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runner {
    /// Executes the path that follows as one more word.
    pub start: Vec<String>,
    /// Takes back what was started, whether it has begun or not; empty where that can't be done.
    pub cancel: Vec<String>,
    /// Says how the engine sees the run, if it has one.
    pub explain: Vec<String>,
    /// Fails while nothing can be started.
    pub ping: Vec<String>,
    /// Its words pass a shell on the other side.
    pub by_shell: bool,
    pub max_running: Option<u32>,
    /// How long a run may wait to be begun.
    pub queue_seconds: u32,
    /// After so long without a sign of its supervisor a run ends itself.
    pub lease_seconds: u32,
}

impl Runner {
    /// The command that executes the program at this path for a run.
    pub fn start_words(&self, run: &str, program: &Path) -> Vec<String> {
        let program = program.display().to_string();
        let program = if self.by_shell { shell::word(&program) } else { program };
        filled(&self.start, run).into_iter().chain([program]).collect()
    }

    pub fn cancel_words(&self, run: &str) -> Vec<String> {
        filled(&self.cancel, run)
    }

    pub fn explain_words(&self, run: &str) -> Vec<String> {
        filled(&self.explain, run)
    }
}

fn filled(words: &[String], run: &str) -> Vec<String> {
    words.iter().map(|word| word.replace(RUN, run)).collect()
}

/// What is wrong in a word of a runner: a placeholder that there is none of.
pub fn fault_of_word(word: &str) -> Option<String> {
    let named = |rest: &str| {
        let name = rest.split_once('}')?.0;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_name && name != "run").then(|| name.to_owned())
    };
    let name = word.split('{').skip(1).find_map(named)?;
    Some(format!("{word:?}: {{{name}}} is no placeholder, only {RUN} is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_run_is_named_and_the_path_is_one_word() {
        let runner = Runner { start: words(&["go", "--name={run}", "{run}/{run}"]), ..Runner::default() };
        let path = Path::new("/my project/start");
        assert_eq!(runner.start_words("R", path), ["go", "--name=R", "R/R", "/my project/start"]);
        let runner = Runner { by_shell: true, cancel: words(&["end", "{run}"]), ..runner };
        assert_eq!(runner.start_words("R", path).last().unwrap(), "'/my project/start'");
        assert_eq!(runner.cancel_words("R"), ["end", "R"]);
        assert_eq!(runner.explain_words("R"), [] as [&str; 0]);
    }

    #[test]
    fn there_is_one_placeholder() {
        for (word, fault) in
            [("{run}", None), ("x{run}y{run}", None), ("{}", None), ("{\"a\": 1}", None), ("a{b", None)]
        {
            assert_eq!(fault_of_word(word), fault, "{word}");
        }
        for word in ["{job}", "{run}-{job_id}", "--x={path}"] {
            assert!(fault_of_word(word).unwrap().contains("is no placeholder"), "{word}");
        }
    }
}
