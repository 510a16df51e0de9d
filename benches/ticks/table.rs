//! The one table: what, measured, floor, ratio, limit.

use std::fmt;

/// Against what a figure is held.
#[derive(Clone, Copy)]
pub enum Limit {
    /// Nothing: it is told for comparison.
    None,
    /// At most this many times the floor.
    Times(f64),
    /// At most this much, in the figure's own unit.
    AtMost(f64),
    /// At most this many times the floor, and this much more.
    TimesPlus(f64, f64),
}

/// One figure.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// `ms`, `MiB`, `calls` …
    pub unit: &'static str,
    /// How much it was.
    pub measured: f64,
    /// The least that it could be, if there is such a thing.
    pub floor: Option<f64>,
    /// How much it may be.
    pub limit: Limit,
}

impl Row {
    fn most(&self) -> Option<f64> {
        let floor = self.floor.unwrap_or_default();
        match self.limit {
            Limit::None => None,
            Limit::Times(times) => Some(times * floor),
            Limit::AtMost(most) => Some(most),
            Limit::TimesPlus(times, more) => Some(times * floor + more),
        }
    }

    fn holds(&self) -> bool {
        self.most().is_none_or(|most| self.measured <= most)
    }

    fn cells(&self) -> [String; 6] {
        let number = |value: f64| if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.2}") };
        let amount = |value: f64| format!("{} {}", number(value), self.unit);
        let limit = match self.limit {
            Limit::None => "-".to_owned(),
            Limit::Times(times) => format!("{times} x floor"),
            Limit::AtMost(most) => amount(most),
            Limit::TimesPlus(times, more) => format!("{times} x floor + {}", amount(more)),
        };
        [
            self.what.clone(),
            amount(self.measured),
            self.floor.map_or("-".to_owned(), amount),
            self.floor.map_or("-".to_owned(), |floor| format!("{:.2}", self.measured / floor)),
            limit,
            if self.holds() { String::new() } else { "BROKEN".to_owned() },
        ]
    }
}

/// All figures of one run.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds a figure and tells it at once.
    pub fn add(&mut self, row: Row) {
        eprintln!("ticks:   {}", row.cells().join("  "));
        self.rows.push(row);
    }

    /// Whether every limit is kept.
    pub fn holds(&self) -> bool {
        self.rows.iter().all(Row::holds)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["What", "Measured", "Floor", "Ratio", "Limit", ""].map(str::to_owned);
        let lines: Vec<_> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        for line in &lines {
            for (column, cell) in line.iter().enumerate() {
                let width = lines.iter().map(|line| line[column].len()).max().unwrap_or_default();
                if column == 0 { write!(f, "{cell:<width$}")? } else { write!(f, "  {cell:>width$}")? }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
