//! The day in one message: when it is due, and what it says.

use super::hours::instants;
use super::message::{Message, MessageType};
use super::name::Name;
use super::text::{counted, one_line};
use super::time::{self, Time};
use chrono::TimeZone;

/// How many tasks or questions are named.
const NAMED: usize = 20;
/// What the keys of these messages begin with.
const KEY: &str = "summary ";

/// What happened since the last one, and what waits.
#[derive(Debug, Default)]
pub struct Day {
    /// Tasks with their titles.
    pub done: Vec<(Name, String)>,
    pub failed: Vec<(Name, String)>,
    /// Tasks in incoming and claimed.
    pub pending: u32,
    pub open_prs: Option<usize>,
    /// Questions without an answer, with their titles.
    pub questions: Vec<(String, String)>,
    /// What the runs of the local day cost, in US dollars.
    pub cost_usd: f64,
}

/// When the last one was to be sent at the latest: the last time that clocks showed this minute of the day.
pub fn due<Z: TimeZone>(minute: u32, now: Time, zone: &Z) -> Option<Time> {
    let today = now.with_timezone(zone).date_naive();
    let days = [Some(today), today.pred_opt()].into_iter().flatten();
    days.flat_map(|day| instants(day, minute, zone)).filter(|at| *at <= now).max()
}

/// Whether a message is one of these: it is told whatever else is.
pub fn is_summary(message: &Message) -> bool {
    message.key.as_ref().is_some_and(|key| key.starts_with(KEY))
}

impl Day {
    /// The message of the day that was due at that time.
    pub fn message(&self, due: Time) -> Message {
        let (done, failed, asked) = (self.done.len(), self.failed.len(), self.questions.len());
        let title = format!("The day: {done} done, {failed} failed, {}", counted(asked, "question"));
        let mut lines = vec![format!("Today's runs cost ${:.2}.", self.cost_usd)];
        let prs = self.open_prs.map_or(String::new(), |open| format!(", {} open", counted(open, "pull request")));
        lines.push(format!("{} in the queue{prs}.", counted(self.pending as usize, "task")));
        let mut list = |heading: &str, items: Vec<String>| {
            if !items.is_empty() {
                lines.push(format!("\n{heading}\n"));
                lines.extend(items.iter().take(NAMED).map(|item| format!("- {item}")));
                lines.extend(items.len().checked_sub(NAMED + 1).map(|more| format!("- and {} more", more + 1)));
            }
        };
        let tasks =
            |tasks: &[(Name, String)]| tasks.iter().map(|(id, title)| format!("{id} {}", one_line(title))).collect();
        list("Done:", tasks(&self.done));
        list("Failed (`scheduler task show ID`):", tasks(&self.failed));
        let questions = self.questions.iter().map(|(id, title)| format!("{id} {}", one_line(title))).collect();
        list("Waits for your answer (`scheduler message reply ID`):", questions);
        Message::new(MessageType::Info, title, lines.join("\n")).key(format!("{KEY}{}", time::to_text(due)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    #[test]
    fn when_it_is_due() {
        for (now, expected) in [
            ("2026-03-02T17:59:59Z", "2026-03-01T18:00:00Z"),
            ("2026-03-02T18:00:00Z", "2026-03-02T18:00:00Z"),
            ("2026-03-03T00:00:00Z", "2026-03-02T18:00:00Z"),
        ] {
            let due = due(18 * 60, time::parse(now).unwrap(), &Utc).unwrap();
            assert_eq!(time::to_text(due), expected, "{now}");
        }
    }

    #[test]
    fn what_it_says() {
        let due = time::parse("2026-03-02T18:00:00Z").unwrap();
        let empty = Day::default().message(due);
        assert_eq!(
            (empty.title.as_str(), empty.body.as_str()),
            ("The day: 0 done, 0 failed, 0 questions", "Today's runs cost $0.00.\n0 tasks in the queue.")
        );
        let task = |n: usize| (format!("TASK-{n}").parse().unwrap(), "Mend\nit".to_owned());
        let day =
            Day { done: (1..=22).map(task).collect(), open_prs: Some(1), pending: 1, cost_usd: 1.5, ..Day::default() };
        let body = day.message(due).body;
        assert!(
            body.starts_with(
                "Today's runs cost $1.50.\n1 task in the queue, 1 pull request open.\n\nDone:\n\n- TASK-1 Mend it\n"
            ),
            "{body}"
        );
        assert!(body.ends_with("- TASK-20 Mend it\n- and 2 more"), "{body}");
        assert!(is_summary(&day.message(due)) && !is_summary(&Message::warning("x", "y")));
    }
}
