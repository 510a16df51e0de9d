//! Header lines that stand below the body: the Python system appends them to a file as it moves it. They are read where
//! they are, and stand in the header once the file is written again.

use super::{header, header_end, key, value};
use crate::domain::name::Name;
use crate::domain::time;
use std::borrow::Cow;
use std::ops::Range;

/// The words that it appends.
const APPENDED: [&str; 5] = [key::CLAIMED_BY, key::CLAIMED_AT, key::COMPLETED_AT, key::FAILED_AT, key::RETRIED_AT];

/// The appended lines that count: the last of each word, nothing from before the last retry, none that the header has.
pub(super) fn appended(text: &str) -> Vec<(&'static str, &str)> {
    let mut lines: Vec<(&'static str, &str)> = Vec::new();
    for (_, word, said) in places(text) {
        if word == key::RETRIED_AT {
            lines.clear();
        }
        lines.retain(|(known, _)| *known != word);
        lines.push((word, said));
    }
    lines.retain(|(word, _)| value(header(text), word).is_none());
    lines
}

/// The text without them, and the lines for its header.
pub(super) fn tidied(text: &str) -> (Cow<'_, str>, Vec<(&'static str, &str)>) {
    let places = places(text);
    if places.is_empty() {
        return (text.into(), Vec::new());
    }
    let (mut rest, mut from) = (String::new(), 0);
    for (range, ..) in &places {
        rest.push_str(&text[from..range.start]);
        from = range.end;
    }
    rest.push_str(&text[from..]);
    (rest.into(), appended(text))
}

/// Where they stand: in a paragraph that holds nothing else, outside of code.
fn places(text: &str) -> Vec<(Range<usize>, &'static str, &str)> {
    let mut at = header_end(text);
    let (mut found, mut paragraph) = (Vec::new(), Vec::new());
    let (mut in_code, mut is_ours) = (false, true);
    for line in text[at..].split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let line = line.trim_end();
        if line.starts_with("```") {
            in_code = !in_code;
        }
        if line.is_empty() || line.starts_with('#') {
            found.extend(paragraph.drain(..).filter(|_| is_ours));
            is_ours = line.is_empty();
            continue;
        }
        match appended_line(line).filter(|_| !in_code) {
            Some((word, said)) => paragraph.push((range, word, said)),
            None => is_ours = false,
        }
    }
    found.extend(paragraph.into_iter().filter(|_| is_ours));
    found
}

fn appended_line(line: &str) -> Option<(&'static str, &str)> {
    let (word, said) = super::header_line(line)?;
    let word = *APPENDED.iter().find(|known| **known == word)?;
    let fits = if word == key::CLAIMED_BY { said.parse::<Name>().is_ok() } else { time::parse(said).is_some() };
    fits.then_some((word, said))
}

#[cfg(test)]
mod tests {
    use crate::domain::task::{Edit, key, parse, section};
    use crate::domain::time;

    const TASK: &str = "# [TASK-a1b2c3d4] Fix it\n\nROLE: implement\nPRIORITY: P1\nBRANCH: main\nCREATED: 2026-01-29T14:30:00.123456\n\
        CREATED_BY: pm-agent\n\n## Context\nWhy.\n\n## Acceptance Criteria\n- [ ] One\n";

    #[test]
    fn are_read_where_they_stand_and_written_where_they_belong() {
        let id = "TASK-a1b2c3d4".parse().unwrap();
        let claimed = format!("{TASK}\nCLAIMED_BY: impl-1\nCLAIMED_AT: 2026-01-29T15:00:00.5\n");
        let task = parse(&id, &claimed).unwrap();
        assert_eq!(
            (task.claimed_by.as_deref(), task.claimed_at),
            (Some("impl-1"), time::parse("2026-01-29T15:00:00.5"))
        );
        let failed =
            format!("{claimed}\nFAILED_AT: 2026-01-29T15:30:00\n\n## Error\n```\nboom\n## x\nCLAIMED_BY: me\n```\n");
        let task = parse(&id, &failed).unwrap();
        assert_eq!((task.failed_at, task.claimed_by.as_deref()), (time::parse("2026-01-29T15:30:00"), Some("impl-1")));
        assert_eq!(section(&failed.replace("## x\n", ""), "Error"), Some("boom\nCLAIMED_BY: me"));
        let again = format!("{failed}\nRETRIED_AT: 2026-01-29T16:00:00\n");
        let task = parse(&id, &again).unwrap();
        assert_eq!(
            (task.failed_at, task.claimed_by, task.retried_at),
            (None, None, time::parse("2026-01-29T16:00:00"))
        );
        let twice = format!(
            "{again}\nCLAIMED_BY: impl-2\nCLAIMED_AT: 2026-01-29T17:00:00\n\nCOMPLETED_AT: 2026-01-29T18:00:00\n\n## Result\ndone\n"
        );
        let task = parse(&id, &twice).unwrap();
        assert_eq!(
            (task.claimed_by.as_deref(), task.completed_at),
            (Some("impl-2"), time::parse("2026-01-29T18:00:00"))
        );

        let ours = Edit::new().set(key::RUN, "r").apply(&twice);
        assert_eq!(parse(&id, &ours).unwrap(), crate::domain::task::Task { run: Some("r".to_owned()), ..task });
        assert!(
            ours.starts_with(&TASK[..TASK.find("\n\n## Context").unwrap()])
                && ours.find("CLAIMED_BY: impl-2") < ours.find("## Context"),
            "{ours}"
        );
        assert_eq!((ours.matches("impl-1").count(), ours.matches("boom").count()), (0, 1), "{ours}");
        assert_eq!(Edit::new().clear(&[key::RUN]).apply(&ours), Edit::new().apply(&twice));
        let released = Edit::new().unclaim().apply(&claimed);
        assert_eq!(released.trim_end(), TASK.trim_end());
    }

    #[test]
    fn text_stays_text() {
        for body in [
            "CLAIMED_BY: somebody\nand more",
            "more\nCLAIMED_BY: impl-1",
            "FAILED_AT: soon",
            "ROLE: test",
            "CLAIMED_BY: ../x",
            "```\n\nCLAIMED_BY: impl-1\n\n```",
        ] {
            let text = format!("{TASK}\n## Notes\n\n{body}\n\nEnd.\n");
            let task = parse(&"t".parse().unwrap(), &text).unwrap();
            assert_eq!((task.claimed_by, task.failed_at), (None, None), "{body}");
            assert_eq!(Edit::new().apply(&text), text);
        }
    }
}
