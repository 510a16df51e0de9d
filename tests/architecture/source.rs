//! Reads Rust source as far as the rules need it: the paths that its code names.

/// One source file.
pub struct Source {
    /// Its path in the package.
    pub file: String,
    /// The module that it is, from the crate's root: `domain`, `task`.
    pub module: Vec<String>,
    /// How many lines it has.
    pub lines: usize,
    text: String,
}

/// A path that the code names, `use` groups taken apart; `super`, `self` and `crate` are resolved.
#[derive(Clone, Debug)]
pub struct Path {
    /// Where it stands.
    pub line: usize,
    /// Its names; the first is `crate` for a path of this crate.
    pub segments: Vec<String>,
    /// Whether a `!` follows.
    pub is_macro: bool,
}

impl Path {
    /// The first name after the crate's root; `None` for other paths.
    pub fn of_crate(&self) -> Option<&str> {
        (self.segments.first()? == "crate").then_some(())?;
        self.segments.get(1).map(String::as_str)
    }

    /// As it is written.
    pub fn text(&self) -> String {
        self.segments.join("::")
    }
}

impl Source {
    pub fn new(file: &str, text: &str) -> Self {
        let stem = file.strip_prefix("src/").unwrap_or(file).trim_end_matches(".rs");
        let module = stem.split('/').filter(|name| !["mod", "lib", "main"].contains(name)).map(str::to_owned).collect();
        Self { file: file.to_owned(), module, lines: text.lines().count(), text: text.to_owned() }
    }

    /// Whether it begins with a module's documentation.
    pub fn has_module_doc(&self) -> bool {
        self.text.trim_start().starts_with("//! ")
    }

    /// Every path in its code.
    pub fn paths(&self) -> Vec<Path> {
        let tokens = tokens(&self.text);
        let mut reader =
            Reader { tokens: &tokens, at: 0, module: self.module.clone(), braces: Vec::new(), paths: Vec::new() };
        reader.read();
        reader.paths
    }
}

struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    /// For every open brace, whether it opened a module.
    braces: Vec<bool>,
    paths: Vec<Path>,
}

impl Reader<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| &token.text)
    }

    fn read(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            match token.text.as_str() {
                "mod" if self.text(2) == "{" => {
                    self.module.push(self.text(1).to_owned());
                    self.braces.push(true);
                    self.at += 3;
                }
                "{" => {
                    self.braces.push(false);
                    self.at += 1;
                }
                "}" => {
                    if self.braces.pop() == Some(true) {
                        self.module.pop();
                    }
                    self.at += 1;
                }
                _ if token.is_name() => self.path(Vec::new()),
                _ => self.at += 1,
            }
        }
    }

    /// Reads one path, or one branch of a group, that begins here.
    fn path(&mut self, mut segments: Vec<String>) {
        let line = self.tokens[self.at].line;
        loop {
            segments.push(self.text(0).to_owned());
            self.at += 1;
            if self.text(0) != "::" {
                break;
            }
            match self.text(1) {
                "{" => {
                    self.at += 2;
                    return self.group(&segments);
                }
                "*" => self.at += 1,
                next if next.starts_with(|c: char| c.is_alphabetic() || c == '_') => self.at += 1,
                _ => break,
            }
        }
        let is_macro = self.text(0) == "!";
        let segments = self.resolve(segments);
        self.paths.push(Path { line, segments, is_macro });
    }

    fn group(&mut self, stem: &[String]) {
        while self.at < self.tokens.len() && self.text(0) != "}" {
            if self.tokens[self.at].is_name() || self.text(0) == "*" {
                self.path(stem.to_vec());
                if self.text(0) == "as" {
                    self.at += 2;
                }
            } else {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn resolve(&self, segments: Vec<String>) -> Vec<String> {
        let mut up = 0;
        let mut rest = segments.iter().peekable();
        if rest.next_if(|name| *name == "self").is_none() {
            while rest.next_if(|name| *name == "super").is_some() {
                up += 1;
            }
            if up == 0 {
                return segments;
            }
        }
        let base = &self.module[..self.module.len().saturating_sub(up)];
        std::iter::once("crate".to_owned()).chain(base.iter().cloned()).chain(rest.cloned()).collect()
    }
}

/// The code without comments and literals: names, `::`, and every other sign by itself.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => until_newline(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => comment_end(&chars, at),
            '"' => string_end(&chars, at),
            '\'' => quote_end(&chars, at),
            c if c.is_alphabetic() || c == '_' => name_end(&chars, at),
            ':' if chars.get(at + 1) == Some(&':') => at + 2,
            _ => at + 1,
        };
        let text: String = chars[at..end].iter().collect();
        let newlines = text.matches('\n').count();
        let is_name = chars[at].is_alphabetic() || chars[at] == '_';
        if (is_name && !text.contains(['"', '\''])) || text == "::" || (end == at + 1 && !chars[at].is_whitespace()) {
            tokens.push(Token { line, text });
        }
        line += newlines;
        at = end;
    }
    tokens
}

fn until_newline(chars: &[char], at: usize) -> usize {
    (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len())
}

fn comment_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn string_end(chars: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of a character's literal, or of the sign before a lifetime.
fn quote_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => (at + 3..chars.len()).find(|i| chars[*i] == '\'').map_or(chars.len(), |i| i + 1),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

/// The end of a name, or of a literal that begins like one: `r#"…"#`, `b"…"`, `b'x'`.
fn name_end(chars: &[char], at: usize) -> usize {
    let end = (at..chars.len()).find(|i| !chars[*i].is_alphanumeric() && chars[*i] != '_').unwrap_or(chars.len());
    let prefix: String = chars[at..end].iter().collect();
    let hashes = chars[end..].iter().take_while(|c| **c == '#').count();
    match (prefix.as_str(), chars.get(end + hashes)) {
        ("r" | "br" | "cr", Some('"')) => raw_end(chars, end + hashes + 1, hashes),
        ("b" | "c", Some('"')) if hashes == 0 => string_end(chars, end),
        ("b", Some('\'')) if hashes == 0 => quote_end(chars, end),
        _ => end,
    }
}

fn raw_end(chars: &[char], from: usize, hashes: usize) -> usize {
    let ends =
        |i: &usize| chars[*i] == '"' && chars[*i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (from..chars.len()).find(ends).map_or(chars.len(), |i| i + 1 + hashes)
}
