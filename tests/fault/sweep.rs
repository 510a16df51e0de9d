//! Going through the points: each in a fresh copy of the project, all failures told at the end.

use crate::{sample, subjects::Subject};
use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What became of one point.
pub enum Swept {
    /// The fault was injected there.
    Hit,
    /// The command ended without coming there.
    Missed,
}

/// Tries `each` at `count` of the points, or at all of them; it fails by panicking.
#[track_caller]
pub fn sweep<P: Clone + Display>(
    name: &str,
    subject: &Subject,
    points: &[P],
    count: usize,
    each: impl Fn(&P) -> Swept,
) {
    let chosen = sample::choose(points, count);
    let (mut hit, mut failures) = (0, Vec::new());
    for point in &chosen {
        match catch_unwind(AssertUnwindSafe(|| each(point))) {
            Ok(Swept::Hit) => hit += 1,
            Ok(Swept::Missed) => eprintln!("{name} {}: not reached: {point}", subject.name),
            Err(panic) => {
                let why = panic.downcast_ref::<String>().map(String::as_str);
                let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                hit += 1;
                failures.push(format!("at {point}\n{why}"));
                subject.stage.test.end_all();
            }
        }
        subject.stage.restore();
    }
    sample::report(&format!("{name} {}", subject.name), hit, points.len());
    let (bad, all) = (failures.len(), chosen.len());
    assert!(failures.is_empty(), "{name} {}: {bad} of {all} points\n{}", subject.name, failures.join("\n\n"));
    // Where a supervisor looks at all processes, the count of its calls depends on how many there are.
    assert!(hit * 2 >= all, "{name} {}: only {hit} of {all} points were reached", subject.name);
}
