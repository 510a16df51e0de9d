//! What the user answered to the questions of a task's agents: a section of the task's file, `## Answers`.
//!
//! Every line of an answer is quoted, so that nothing in it can look like a heading of the file.

use super::section::{section, with_section, without_section};
use crate::domain::text::{one_line, quoted, unquoted};
use serde::Serialize;

const SECTION: &str = "Answers";

/// An answer to a question about a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The question's message, by its name.
    pub question: String,
    /// The question in one line.
    pub title: String,
    /// The answer, markdown.
    pub text: String,
}

/// The answers in the file of a task, oldest first.
pub fn answers(text: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for line in section(text, SECTION).unwrap_or_default().lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            let (question, title) = heading.split_once(": ").unwrap_or((heading, ""));
            let (question, title) = (question.trim().to_owned(), title.trim().to_owned());
            answers.push(Answer { question, title, text: String::new() });
        } else if let Some(answer) = answers.last_mut() {
            answer.text.push_str(line);
            answer.text.push('\n');
        }
    }
    for answer in &mut answers {
        // A user who writes here by hand may leave the quotation marks out.
        answer.text = unquoted(&answer.text);
    }
    answers.retain(|answer| !answer.text.is_empty());
    answers
}

/// The text without the section of answers.
pub fn without_answers(text: &str) -> String {
    without_section(text, SECTION)
}

/// The text of a file with one more answer; it replaces an earlier one to the same question.
pub(super) fn with_answer(text: &str, new: &Answer) -> String {
    let mut all = answers(text);
    all.retain(|answer| answer.question != new.question);
    all.push(new.clone());
    let all = all
        .iter()
        .map(|Answer { question, title, text }| format!("### {question}: {}\n\n{}", one_line(title), quoted(text)));
    with_section(text, SECTION, &all.collect::<Vec<_>>().join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task::{self, Edit};

    fn answer(question: &str, text: &str) -> Answer {
        Answer { question: question.to_owned(), title: "Case: Z?".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn answers_come_back_as_they_were_given() {
        for newline in ["\n", "\r\n"] {
            let file =
                ["# Fix", "", "WAITS_FOR: question-1", "ROLE: test", "", "## Context", "x", "", "## Error", "no"];
            let file = file.join(newline) + newline;
            let text = "## Context\n\nYes.\n> quoted\n# no heading\n- a";
            let once = Edit::new().answer(answer("question-1", text)).apply(&file);
            assert_eq!(answers(&once), [answer("question-1", text)], "{once}");
            let id = "fix".parse().unwrap();
            let head = task::parse(&id, &once).unwrap();
            assert_eq!((head.waits_for, head.answered), (None, vec!["question-1".to_owned()]));
            assert_eq!(task::section(&once, "Error"), Some("no"));
            assert!(without_answers(&once).trim_end().ends_with("no"));
            let again = Edit::new().answer(answer("question-2", "B")).answer(answer("question-1", "C")).apply(&once);
            assert_eq!(answers(&again), [answer("question-2", "B"), answer("question-1", "C")]);
            assert_eq!(task::parse(&id, &again).unwrap().answered, ["question-1", "question-2"]);
            let settled = Edit::new().set(task::key::WAITS_FOR, "question-2").section("Error", "late").apply(&again);
            let head = task::parse(&id, &settled).unwrap();
            assert_eq!(head.held_by(), None, "the answer came before the run had ended");
            assert_eq!(answers(&settled).len(), 2, "{settled}");
        }
    }

    #[test]
    fn what_the_user_wrote_by_hand_counts() {
        let text = "# Fix\n\n## Answers\n\n### question-1\nJust do it.\n\n### question-2: Why?\n";
        let read = answers(text);
        assert_eq!(read, [Answer { question: "question-1".into(), title: String::new(), text: "Just do it.".into() }]);
        assert!(answers("# Fix\n\n## Answers\nno heading\n").is_empty());
    }
}
