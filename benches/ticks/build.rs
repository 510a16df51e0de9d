//! The program itself: how large it is, and how long it takes to build.

use crate::{
    Bench,
    table::{Limit, Row},
    tools::{release_build, run},
};
use anyhow::Result;
use std::{fs, path::Path, time::Instant};

/// Measures the release binary, and unless in a hurry a build of everything from nothing.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let size = |program: &Path| -> Result<f64> { Ok(fs::metadata(program)?.len() as f64 / f64::from(1 << 20)) };
    bench.table.add(Row {
        what: "release binary / a program that starts and exits".to_owned(),
        unit: "MiB",
        measured: size(&bench.tools.scheduler)?,
        floor: Some(size(&bench.tools.floor)?),
        limit: Limit::AtMost(8.0),
    });
    if bench.quick {
        return Ok(());
    }
    let target = tempfile::Builder::new().prefix("ticks-").tempdir_in(&bench.tools.scratch)?;
    let begun = Instant::now();
    run(&mut release_build(target.path()))?;
    bench.table.add(Row {
        what: "release build from nothing".to_owned(),
        unit: "minutes",
        measured: begun.elapsed().as_secs_f64() / 60.0,
        floor: None,
        limit: Limit::AtMost(4.0),
    });
    Ok(())
}
