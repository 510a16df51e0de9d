//! The text of a proposal file, read.

use super::{Category, Complexity, Idea, Proposal, edit, files};
use crate::domain::markdown::{Header, below_heading, field, sections};
use crate::domain::name::Name;
use crate::domain::text::one_line;

/// The words of header lines that are read.
const HEADER: [&str; 6] = ["ID", "Proposer", "Category", "Complexity", "Created", "Run"];

/// Reads a proposal file. A hand-written one needs only a title: it is then a feature of complexity M by `human`.
///
/// # Errors
/// What is wrong in it, one sentence each; the file is then shown with them and left alone.
pub fn parse(id: &Name, text: &str) -> Result<Proposal, Vec<String>> {
    let (body, block) = edit::split(text);
    let mut head = body.trim_start_matches('\u{feff}').lines().take_while(|line| !line.starts_with("##"));
    let mut header = Header::new(head.clone().filter_map(field).filter(|(word, _)| HEADER.contains(word)));
    let heading = head.find_map(|line| line.strip_prefix("# ")).unwrap_or_default().trim();
    let title = one_line(heading.strip_prefix("Proposal:").unwrap_or(heading));
    if title.is_empty() {
        header.problems.push("no title: the first line must be `# Proposal: Title`".to_owned());
    }
    let proposer = header.name("Proposer").or_else(|| "human".parse().ok());
    let category = header.word("Category").unwrap_or(Category::Feature);
    let complexity = header.word("Complexity").unwrap_or(Complexity::M);
    let created = header.time("Created");
    let (Some(proposer), true) = (proposer, header.problems.is_empty()) else { return Err(header.problems) };
    let said = |name: &str| Some(section(body, name)).filter(|text| !text.is_empty());
    let idea = Idea {
        title,
        proposer,
        category,
        complexity,
        run: header.text("Run"),
        summary: one_line(&section(body, "Summary")),
        rationale: section(body, "Rationale"),
        criteria: criteria(&section(body, "Acceptance Criteria")),
        files: files::in_list(&section(body, "Relevant Files")),
        depends_on: section(body, "Dependencies").lines().filter_map(dependency).collect(),
        complexity_reduction: said("Complexity Reduction"),
        enables: said("Enables"),
        again: said("Proposed Again"),
    };
    let (judgement, conflicts) = edit::read(block);
    Ok(Proposal { id: id.clone(), idea, created, judgement, conflicts, fingerprint: edit::fingerprint(text) })
}

/// The text of the first section of that name.
fn section(body: &str, name: &str) -> String {
    let found = sections(body).into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let lines = found.map_or("", |(_, range)| below_heading(body, range)).lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n")
}

fn criteria(section: &str) -> Vec<String> {
    let items = section.lines().filter_map(|line| {
        let item = line.trim().strip_prefix(['-', '*'])?.trim();
        let text = ["[ ]", "[x]", "[X]"].iter().find_map(|mark| item.strip_prefix(mark)).unwrap_or(item);
        Some(one_line(text)).filter(|text| !text.is_empty())
    });
    items.collect()
}

/// `- TASK-1: because` names `TASK-1`. A word such as `cleanup` names something only where it isn't the first one of a
/// sentence, and `none` nothing anywhere.
fn dependency(line: &str) -> Option<Name> {
    let item = line.trim().strip_prefix(['-', '*'])?.trim().trim_start_matches('`');
    let end = item.find([' ', ':', ',', '`', '(']).unwrap_or(item.len());
    let (word, rest) = (&item[..end], item[end..].trim_start());
    let is_sentence =
        rest.starts_with(char::is_alphanumeric) && !word.contains(|c: char| c.is_ascii_digit() || c == '-');
    word.parse().ok().filter(|_| !files::is_nothing(word) && !is_sentence)
}
