//! What lines of the ledger add up to, for each agent, role, task, model, local day or week.
//!
//! Sums of parts of a ledger can be put together.

use super::Line;
use crate::domain::time::{self, Time};
use crate::domain::words::words;
use chrono::{Duration, NaiveDate};
use hashbrown::{DefaultHashBuilder, HashTable};
use serde::Serialize;
use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::ops::Range;

words! {
    "a grouping"
    /// What costs are told for.
    #[derive(Default)]
    pub enum By {
        #[default]
        Agent = "agent",
        Role = "role",
        Task = "task",
        Model = "model",
        Day = "day",
        Week = "week",
    }
}

/// What some runs have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sum {
    pub runs: usize,
    pub cost_usd: f64,
    pub failed_runs: usize,
    /// Of the cost, what the failed runs have cost.
    pub failed_cost_usd: f64,
    /// Of the cost, what nobody is billed for: a subscription pays.
    pub notional_cost_usd: f64,
}

/// One group with its name; `-` for runs that have none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    pub name: String,
    #[serde(flatten)]
    pub sum: Sum,
}

impl Sum {
    fn add(&mut self, line: &Line<'_>) {
        let cost = line.cost_usd.unwrap_or_default();
        self.runs += 1;
        self.cost_usd += cost;
        if line.is_failure {
            self.failed_runs += 1;
            self.failed_cost_usd += cost;
        }
        if line.is_notional {
            self.notional_cost_usd += cost;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.cost_usd += other.cost_usd;
        self.failed_runs += other.failed_runs;
        self.failed_cost_usd += other.failed_cost_usd;
        self.notional_cost_usd += other.notional_cost_usd;
    }

    /// To a millionth: what is beyond comes of the adding.
    fn round(&mut self) {
        for usd in [&mut self.cost_usd, &mut self.failed_cost_usd, &mut self.notional_cost_usd] {
            *usd = (*usd * 1e6).round() / 1e6;
        }
    }
}

/// Adds up lines.
#[derive(Clone, Debug)]
pub struct Sums {
    by: By,
    since: Vec<u8>,
    groups: Groups,
    days: Days,
    /// The last day or week that was named: most lines are of the same.
    label: (Option<NaiveDate>, String),
}

impl Sums {
    /// Of the lines since then; of all if that is left out.
    pub fn new(by: By, since: Option<Time>) -> Self {
        let since = since.map(time::to_text).unwrap_or_default().into_bytes();
        Self { by, since, groups: Groups::default(), days: Days::default(), label: (None, String::new()) }
    }

    /// Adds a line; whether it is one.
    pub fn add(&mut self, line: &[u8]) -> bool {
        let Self { by, since, groups, days, label } = self;
        let added = Line::read(line, |line| {
            // Times of one form: their texts are in the order of time.
            if line.time < since.as_slice() {
                return Some(());
            }
            let name = match by {
                By::Agent => line.agent,
                By::Role => line.role,
                By::Task => line.task,
                By::Model => line.model,
                By::Day | By::Week => {
                    let day = days.of(line.time)?;
                    if label.0 != Some(day) {
                        let format = if *by == By::Day { "%Y-%m-%d" } else { "%G-W%V" };
                        *label = (Some(day), day.format(format).to_string());
                    }
                    label.1.as_bytes()
                }
            };
            groups.sum(name).add(line);
            Some(())
        });
        added.flatten().is_some()
    }

    /// Adds what other lines add up to.
    pub fn merge(&mut self, other: &Self) {
        for (name, sum) in other.groups.all() {
            self.groups.sum(name).merge(sum);
        }
    }

    /// The groups, the most expensive first, or the days or weeks in their order; and all of them together.
    pub fn told(&self) -> (Vec<Group>, Sum) {
        let by_time = matches!(self.by, By::Day | By::Week);
        let mut order: Vec<_> = self.groups.all().map(|(name, sum)| (sum.cost_usd, name, sum)).collect();
        order.sort_unstable_by(|(cost, name, _), (other_cost, other, _)| {
            let by_cost = if by_time { Ordering::Equal } else { other_cost.total_cmp(cost) };
            by_cost.then_with(|| name.cmp(other))
        });
        let name = |bytes: &[u8]| match bytes {
            b"" => "-".to_owned(),
            name => String::from_utf8_lossy(name).into_owned(),
        };
        let mut groups: Vec<_> = order.iter().map(|(_, bytes, sum)| Group { name: name(bytes), sum: **sum }).collect();
        let mut total = Sum::default();
        groups.iter().for_each(|group| total.merge(&group.sum));
        groups.iter_mut().map(|group| &mut group.sum).chain([&mut total]).for_each(Sum::round);
        (groups, total)
    }
}

/// Sums by name. A year may have tens of thousands of tasks: their names lie one after the other, and the table holds numbers.
#[derive(Clone, Debug, Default)]
struct Groups {
    hashes: DefaultHashBuilder,
    /// Where in `found`, with the hash of the name.
    table: HashTable<(u64, usize)>,
    names: Vec<u8>,
    found: Vec<(Range<usize>, Sum)>,
}

impl Groups {
    /// That of a name, which begins with nothing.
    fn sum(&mut self, name: &[u8]) -> &mut Sum {
        let Self { hashes, table, names, found } = self;
        let hash = hashes.hash_one(name);
        let is_it = |(known, at): &(u64, usize)| *known == hash && names[found[*at].0.clone()] == *name;
        let at = match table.find(hash, is_it) {
            Some((_, at)) => *at,
            None => {
                let (at, start) = (found.len(), names.len());
                names.extend_from_slice(name);
                found.push((start..names.len(), Sum::default()));
                table.insert_unique(hash, (hash, at), |(hash, _)| *hash);
                at
            }
        };
        &mut found[at].1
    }

    /// Each with its name, in the order of the lines.
    fn all(&self) -> impl Iterator<Item = (&[u8], &Sum)> {
        self.found.iter().map(|(name, sum)| (&self.names[name.clone()], sum))
    }
}

/// Finds local days: most lines are of the day of the one before.
#[derive(Clone, Debug, Default)]
pub struct Days {
    /// A day, with the times of its begin and its end as lines have them.
    known: Option<(NaiveDate, [String; 2])>,
}

impl Days {
    /// The local day of a time as lines have it.
    pub fn of(&mut self, time: &[u8]) -> Option<NaiveDate> {
        if let Some((day, [begin, end])) = &self.known
            && time.len() == begin.len()
            && (begin.as_bytes()..end.as_bytes()).contains(&time)
        {
            return Some(*day);
        }
        let day = time::local_date(time::parse(str::from_utf8(time).ok()?)?);
        let bounds = time::midnight(day).zip(day.succ_opt().and_then(time::midnight));
        // Where clocks are set back at midnight, its end may be found too late.
        let bounds = bounds.filter(|(_, end)| time::local_date(*end - Duration::seconds(1)) == day);
        self.known = bounds.map(|(begin, end)| (day, [time::to_text(begin), time::to_text(end)]));
        Some(day)
    }
}
