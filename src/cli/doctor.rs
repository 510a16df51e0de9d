//! `scheduler doctor`.

use super::completions::Source;
use super::{Context, config};
use crate::domain::name::Name;
use crate::engine::doctor::{self, Caller, Level};
use anyhow::{Result, bail};

/// Arguments of `scheduler doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look from an environment as bare as that of the installed timer
    #[arg(long)]
    cron: bool,
    /// Try a runner out: start something with it, and see what it finds there
    #[arg(long, value_name = "NAME", conflicts_with = "cron", add = Source::Runner)]
    runner: Option<Name>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints every probe with its remedy; exit code 1 if something doesn't work.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.enter("doctor")?;
    let (program, env) = (context.program()?, |name: &str| context.env(name));
    let caller = Caller { env: &env, program: &program, bare: args.cron, now: context.now };
    let probes = match &args.runner {
        Some(runner) => {
            context.refuse_inside_run("doctor --runner")?;
            let config = config::read(&project)?;
            doctor::runner::diagnose(&project, &config, runner, caller, context.environment())?
        }
        None => doctor::diagnose(&project, caller)?,
    };
    if args.json {
        context.json(&serde_json::json!({ "findings": probes }))?;
    }
    for probe in probes.iter().filter(|_| !args.json) {
        let sign = match probe.level {
            Level::Ok => "ok      ",
            Level::Warning => "warning ",
            Level::Error => "ERROR   ",
        };
        context.line(format!("{sign}{}", probe.what))?;
        if let Some(remedy) = &probe.remedy {
            context.line(format!("        → {remedy}"))?;
        }
    }
    match probes.iter().filter(|probe| probe.level == Level::Error).count() {
        0 => Ok(()),
        1 => bail!("1 thing doesn't work"),
        count => bail!("{count} things don't work"),
    }
}
