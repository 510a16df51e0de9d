//! `scheduler doctor`: looks for what keeps agents from working, each finding with its remedy.
//!
//! It changes nothing.

mod agent_program;
mod machine;
mod programs;
mod project;
mod timer;

use super::Context;
use anyhow::{Result, bail};
use serde::Serialize;

/// Arguments of `scheduler doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look from an environment as bare as that of the installed timer
    #[arg(long)]
    cron: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// Something works less well than it could.
    Warning,
    /// Something doesn't work.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    level: Level,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn ok(what: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), remedy: None }
    }

    fn warning(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.into(), remedy: Some(remedy.into()) }
    }

    fn error(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Error, what: what.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything; exit code 1 if something doesn't work.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let (project, _) = context.reading("doctor")?;
    let view = programs::View::new(context, args.cron);
    let mut findings = programs::look(&view, &project);
    findings.extend(agent_program::look(&view, &project));
    findings.extend(project::look(&project)?);
    findings.extend(timer::look(context, &project));
    findings.extend(machine::look(&project)?);
    if args.json {
        context.json(&findings)?;
    } else {
        tell(&findings, context)?;
    }
    match findings.iter().filter(|finding| finding.level == Level::Error).count() {
        0 => Ok(()),
        1 => bail!("1 thing doesn't work"),
        count => bail!("{count} things don't work"),
    }
}

fn tell(findings: &[Finding], context: &Context) -> Result<()> {
    for finding in findings {
        let sign = match finding.level {
            Level::Ok => "ok      ",
            Level::Warning => "warning ",
            Level::Error => "ERROR   ",
        };
        context.line(format!("{sign}{}", finding.what))?;
        if let Some(remedy) = &finding.remedy {
            context.line(format!("        → {remedy}"))?;
        }
    }
    Ok(())
}
