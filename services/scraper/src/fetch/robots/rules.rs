//! The rules of a robots.txt, as RFC 9309 reads them.

/// What a robots.txt says to one crawler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    pattern: String,
}

/// One line that means something.
enum Line<'a> {
    Agent(&'a str),
    Rule(bool, &'a str),
    Other,
}

impl Rules {
    /// Reads what a file says to a crawler by the name of its product: the rules of every group that names it, together;
    /// where none does, those for everybody (section 2.2.1).
    #[must_use]
    pub fn parse(text: &str, product: &str) -> Self {
        let (mut ours, mut everybodys, mut named) = (Vec::new(), Vec::new(), false);
        // Whom the current group speaks to, and whether its list of agents is still being read.
        let (mut to_us, mut to_all, mut heading) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            match Line::of(line) {
                Line::Agent(agent) => {
                    if !heading {
                        (to_us, to_all) = (false, false);
                    }
                    heading = true;
                    to_us |= product_of(agent).eq_ignore_ascii_case(product);
                    to_all |= agent == "*";
                    named |= to_us;
                }
                Line::Rule(allow, pattern) => {
                    heading = false;
                    let rule = Rule { allow, pattern: normal(pattern) };
                    if to_us {
                        ours.push(rule.clone());
                    }
                    if to_all {
                        everybodys.push(rule);
                    }
                }
                Line::Other => {}
            }
        }
        Self(if named { ours } else { everybodys })
    }

    /// The pattern that disallows a path with its query, where one does. The longest that matches decides; of two that are as
    /// long, the one that allows (section 2.2.2). The robots.txt itself is always allowed.
    #[must_use]
    pub fn disallowing(&self, path: &str) -> Option<&str> {
        if path == "/robots.txt" {
            return None;
        }
        let path = normal(path);
        let matching = self.0.iter().filter(|rule| matches(&rule.pattern, &path));
        let decisive = matching.max_by_key(|rule| (rule.pattern.len(), rule.allow));
        decisive.filter(|rule| !rule.allow).map(|rule| rule.pattern.as_str())
    }
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let line = line.split_once('#').map_or(line, |(line, _)| line);
        let Some((key, value)) = line.split_once(':') else { return Self::Other };
        let (key, value) = (key.trim(), value.trim());
        match key.to_ascii_lowercase().as_str() {
            "user-agent" => Self::Agent(value),
            // An empty pattern matches nothing, but it ends the list of agents.
            "allow" => Self::Rule(true, value),
            "disallow" => Self::Rule(false, value),
            _ => Self::Other,
        }
    }
}

/// `ExampleBot/1.2 (+https://…)` is `ExampleBot`.
fn product_of(agent: &str) -> &str {
    let end = agent.find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')));
    &agent[..end.unwrap_or(agent.len())]
}

/// One spelling of each path: what needs no escape is unescaped, what needs one has it, in capitals (section 2.2.2).
fn normal(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut normal = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten().and_then(hex_pair);
        at += if escaped.is_some() { 3 } else { 1 };
        match escaped {
            Some(octet) if is_unreserved(octet) => normal.push(char::from(octet)),
            Some(octet) => normal.push_str(&format!("%{octet:02X}")),
            None if byte.is_ascii_graphic() => normal.push(char::from(byte)),
            None => normal.push_str(&format!("%{byte:02X}")),
        }
    }
    normal
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

/// RFC 3986, section 2.3.
const fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

/// Whether a pattern matches from the start of a path: `*` is anything, `$` at the end is the end. The pieces between the stars
/// are found one after the other, each as early as it can be: linear in the path for each piece, whatever the pattern.
fn matches(pattern: &str, path: &str) -> bool {
    if pattern.is_empty() {
        return false;
    }
    let (pattern, anchored) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return !anchored || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if anchored && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}
