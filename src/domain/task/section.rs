//! The sections of a task's file: where one begins and ends.

/// The text of the last section `## name`, up to the next heading of its kind.
pub fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, end) = section_range(text, name)?;
    let section = &text[start..end];
    Some(section.split_once('\n').map_or("", |(_, rest)| rest).trim())
}

/// Where the last section of that name begins and ends, its heading included.
pub(super) fn section_range(text: &str, name: &str) -> Option<(usize, usize)> {
    let heading = format!("## {name}");
    let mut offset = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        match found {
            _ if line.trim_end() == heading => found = Some((offset, text.len())),
            Some((start, end)) if end == text.len() && line.starts_with("## ") => found = Some((start, offset)),
            _ => {}
        }
        offset += line.len();
    }
    found
}
