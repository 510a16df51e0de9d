//! What a file in the inbox asks for, and whether it may: a line with the token, a line with the command, and what belongs to it.
//!
//! Nothing of it is ever a path, a word for a shell, or an option.

use super::role::TaskRole;
use super::task::{NewTask, Priority};
use super::text::{cut, one_line};
use std::hint::black_box;

/// The shortest token that isn't guessed.
pub const SHORTEST_TOKEN: usize = 16;
/// The longest title of a task, in characters.
const MAX_TITLE: usize = 1_000;

/// What is to be done.
#[derive(Debug)]
pub enum Order {
    /// Answer the question of that id.
    Reply {
        question: String,
        text: String,
    },
    Add(Box<NewTask>),
    Pause {
        reason: String,
    },
    Resume,
}

/// Reads a file.
///
/// # Errors
/// Why it is refused. Without the token nothing else is said of it.
pub fn parse(text: &str, token: &str) -> Result<Order, String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).skip_while(|line| line.is_empty());
    let said = lines.next().and_then(|line| value(line, "TOKEN")).unwrap_or_default();
    if !is_same(said, token) {
        return Err("its first line isn't TOKEN: with the right token".to_owned());
    }
    let mut lines = lines.skip_while(|line| line.is_empty());
    let command = one_line(lines.next().unwrap_or_default());
    let body = lines.collect::<Vec<_>>().join("\n");
    let (verb, rest) = command.split_once(' ').unwrap_or((&command, ""));
    match verb.to_ascii_lowercase().as_str() {
        "reply" if rest.is_empty() || rest.contains(' ') => {
            Err("reply needs the id of a question: reply ID".to_owned())
        }
        "reply" if body.trim().is_empty() => Err("reply needs an answer below it".to_owned()),
        "reply" => Ok(Order::Reply { question: rest.to_owned(), text: body.trim().to_owned() }),
        "add" => match rest.split_once(' ').unwrap_or((rest, "")) {
            (task, title) if task.eq_ignore_ascii_case("task") => new_task(title, &body).map(Box::new).map(Order::Add),
            _ => Err("what is added is a task: add task TITLE".to_owned()),
        },
        "pause" => Ok(Order::Pause { reason: one_line(&format!("{rest} {body}")) }),
        "resume" if rest.is_empty() => Ok(Order::Resume),
        _ => Err("its second line is none of: reply ID, add task TITLE, pause, resume".to_owned()),
    }
}

/// The title beside the command or in the line below it; then lines as in a task's file; then what else there is to say.
fn new_task(title: &str, body: &str) -> Result<NewTask, String> {
    let mut lines = body.lines().skip_while(|line| line.is_empty());
    let title = if title.is_empty() { lines.next().unwrap_or_default() } else { title };
    let title = cut(&one_line(title), MAX_TITLE);
    if title.is_empty() {
        return Err("add task needs a title: add task TITLE".to_owned());
    }
    let mut new = NewTask { title, created_by: "inbox".to_owned(), ..NewTask::default() };
    let mut rest = lines.peekable();
    while let Some(line) = rest.peek() {
        if let Some(role) = value(line, "ROLE") {
            new.role = <TaskRole as clap::ValueEnum>::from_str(role, true)?;
        } else if let Some(priority) = value(line, "PRIORITY") {
            new.priority = <Priority as clap::ValueEnum>::from_str(priority, true)?;
        } else if !line.trim().is_empty() {
            break;
        }
        rest.next();
    }
    new.context = rest.collect::<Vec<_>>().join("\n");
    Ok(new)
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
}

/// Takes as long whatever the difference is.
fn is_same(said: &str, token: &str) -> bool {
    let difference = said.bytes().zip(token.bytes()).fold(0, |sum, (one, other)| black_box(sum | (one ^ other)));
    black_box(difference) == 0 && said.len() == token.len() && !token.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn told(text: &str) -> String {
        match parse(text, TOKEN) {
            Ok(Order::Add(new)) => {
                format!("add {}|{}|{}|{}", new.title, new.role, new.priority, new.context)
            }
            Ok(order) => format!("{order:?}"),
            Err(why) => why,
        }
    }

    #[test]
    fn what_a_file_asks_for() {
        for (text, expected) in [
            (
                "reply question-1\n\nTake the\nsecond.\n",
                r#"Reply { question: "question-1", text: "Take the\nsecond." }"#,
            ),
            ("Reply question-1\r\nyes\r\n", r#"Reply { question: "question-1", text: "yes" }"#),
            ("reply question-1\n\n", "reply needs an answer below it"),
            ("reply\nyes", "reply needs the id of a question: reply ID"),
            ("pause", r#"Pause { reason: "" }"#),
            ("pause until\nMonday", r#"Pause { reason: "until Monday" }"#),
            ("\n\nresume\n", "Resume"),
            ("resume now", "its second line is none of: reply ID, add task TITLE, pause, resume"),
            ("$(rm -rf /)", "its second line is none of: reply ID, add task TITLE, pause, resume"),
            ("add task Mend it", "add Mend it|implement|P2|"),
            ("ADD TASK\n\nMend it\nROLE: test\npriority: p0\n\nWhy: so\n", "add Mend it|test|P0|Why: so"),
            ("add task x\nROLE: tester", r#""tester" is not a task role; did you mean test?"#),
            ("add task\n", "add task needs a title: add task TITLE"),
            ("add proposal x", "what is added is a task: add task TITLE"),
        ] {
            assert_eq!(told(&format!("\u{feff}\nToken:  {TOKEN} \n{text}")), expected, "{text}");
        }
    }

    #[test]
    fn without_the_token_nothing_is_said_of_it() {
        let refused = "its first line isn't TOKEN: with the right token";
        for head in
            ["", "TOKEN:", "TOKEN: 0123456789abcde", "TOKEN: 0123456789abcdeff", "TOKEN: 0123456789abcdeF", "x: y"]
        {
            for rest in ["pause", "nonsense"] {
                assert_eq!(told(&format!("{head}\n{rest}")), refused, "{head}");
            }
        }
        assert!(parse("TOKEN:\npause", "").is_err());
    }
}
