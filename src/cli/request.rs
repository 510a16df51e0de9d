//! What `scheduler` does inside a run: it asks the run's supervisor, prints the answer and ends with its exit code.
//!
//! It opens no file of the project: the supervisor does what is asked, if the role of the agent may call it.

use super::input::Given;
use super::{Context, usage};
use crate::domain::request::{Part, REQUESTS, Request};
use crate::domain::run::{RUN_TAG, SUPERVISOR_TAG};
use crate::domain::runner::files::ELSEWHERE;
use crate::exec::clock::monotonic_now;
use crate::store::requests::{Asked, Stage};
use anyhow::{Context as _, Result, bail};
use clap::ArgMatches;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How long a request may wait to be taken up: a supervisor that lives and doesn't is stopped or overrun.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);
/// The same for a supervisor on another machine, which may be booting.
const TAKEN_ELSEWHERE_WITHIN: Duration = Duration::from_secs(90);
/// How long an answer may take in all: longer than a supervisor gives it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);
/// How often to look whether the supervisor is still there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often to look for the answer where the system doesn't tell.
const POLL_EVERY: Duration = Duration::from_millis(20);

/// The folder of requests of the run that this is called in; none outside of runs.
///
/// # Errors
/// It is a call from a run, and the folder isn't known.
pub fn folder(context: &Context) -> Result<Option<PathBuf>> {
    let run = context.env(RUN_TAG);
    // Not everything hands all variables on: the folder follows from those that mark the run, too.
    let of_run = || Some(Path::new(context.env(SUPERVISOR_TAG)?).join("runs").join(run?).join("requests"));
    match context.env(REQUESTS).map(PathBuf::from).or_else(of_run) {
        Some(folder) if folder.is_dir() => Ok(Some(folder)),
        Some(folder) => Err(usage(format!(
            "{} isn't there, where this run's requests would be. Nothing was done; unset {REQUESTS} and {RUN_TAG} if you \
             call this yourself",
            folder.display()
        ))),
        None if run.is_some() => Err(usage(format!(
            "{RUN_TAG} is set, as in a run, but {REQUESTS} isn't. Nothing was done; unset {RUN_TAG} if you call this yourself"
        ))),
        None => Ok(None),
    }
}

/// Asks what the command line asks for.
///
/// # Errors
/// An input can't be read; nobody answers.
pub fn ask(folder: &Path, matches: &ArgMatches, context: &Context) -> Result<ExitCode> {
    let request = request(matches, context)?;
    let id = uuid::Uuid::new_v4().to_string().parse()?;
    let is_elsewhere = context.env(ELSEWHERE).is_some();
    let taken_within = if is_elsewhere { TAKEN_ELSEWHERE_WITHIN } else { TAKEN_WITHIN };
    let Some(mut asked) = Asked::put(folder, id, &request, POLL_EVERY, !is_elsewhere)? else {
        bail!("the run is over, or its supervisor is gone: nothing was done");
    };
    let begun = monotonic_now();
    loop {
        match asked.stage()? {
            Stage::Answered(code) => return answered(&asked, code),
            Stage::Waiting if begun.elapsed() >= taken_within => break,
            Stage::Taken if begun.elapsed() >= ANSWERED_WITHIN => break,
            Stage::Waiting | Stage::Taken => asked.wait(LOOK_EVERY),
            Stage::Alone => break,
        }
    }
    if asked.withdraw()? {
        bail!("the supervisor of this run is gone or doesn't answer: nothing was done");
    }
    // It was taken up at the last moment.
    match asked.stage()? {
        Stage::Answered(code) => answered(&asked, code),
        _ => bail!("the supervisor of this run ended before it answered: whether this was done isn't known"),
    }
}

fn answered(asked: &Asked, code: u8) -> Result<ExitCode> {
    let [mut out, mut err] = [Part::Stdout, Part::Stderr].map(|part| asked.output(part).ok().flatten());
    asked.clear();
    if let Some(err) = &mut err {
        let _ = io::copy(err, &mut io::stderr().lock());
    }
    if let Some(out) = &mut out {
        let mut stdout = io::stdout().lock();
        io::copy(out, &mut stdout).and_then(|_| stdout.flush()).context("stdout")?;
    }
    Ok(ExitCode::from(code))
}

/// The command line with all that it would read, read here with the rights of the caller.
fn request(matches: &ArgMatches, context: &Context) -> Result<Request> {
    let words = std::env::args_os().skip(1).map(|word| word.into_string().ok());
    let arguments = words.collect::<Option<_>>().context("the arguments aren't UTF-8")?;
    let mut request = Request { arguments, ..Request::default() };
    let leaf = leaf(matches).1;
    for id in leaf.ids() {
        let Ok(Some(given)) = leaf.try_get_many::<Given>(id.as_str()) else { continue };
        for given in given {
            if let Given::In(name) = given {
                request.inputs.insert(name.clone(), given.read(context)?);
            }
        }
    }
    Ok(request)
}

/// The words of the command, such as `task add`, and its own arguments.
pub fn leaf(matches: &ArgMatches) -> (String, &ArgMatches) {
    let (mut words, mut leaf) = (Vec::new(), matches);
    while let Some((word, below)) = leaf.subcommand() {
        words.push(word);
        leaf = below;
    }
    (words.join(" "), leaf)
}
