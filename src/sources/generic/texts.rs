//! The texts of single events in a body or a file: the lines of JSON lines, the elements of an array, or one object.
//!
//! Why not `serde_json`'s own reader: it stops at the first syntax error, and a file's bad line must cost that line
//! only. Splitting needs no more than the depth of brackets; whether a text is JSON is found when it is parsed.
//! Nothing is kept but the text at hand, so a file of any size takes the memory of its longest event.

use std::io::{self, BufRead};

/// How events stand in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Not known before the first text.
    Unknown,
    /// One event a line.
    Lines,
    /// An array of events.
    Array,
    /// Objects that span lines.
    Objects,
    /// Behind the array's closing bracket.
    Tail,
    /// Read to its end.
    Over,
}

/// One event's text and where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes, without blanks around them.
    pub bytes: &'a [u8],
    /// The line it begins on, from 1.
    pub line: u64,
    /// Which element of an array it is, from 1.
    pub index: Option<u64>,
    /// Set where the input as a whole is cut off or goes on after its end.
    pub broken: Option<&'static str>,
}

impl Text<'_> {
    /// Its index in an array, else its line: as a sender counts them.
    pub fn place(&self) -> u64 {
        self.index.unwrap_or(self.line)
    }
}

/// Splits a reader.
pub struct Texts<R> {
    reader: R,
    shape: Shape,
    /// Line ends passed so far.
    line_ends: u64,
    /// Elements passed so far.
    index: u64,
    /// The first line, read to find the shape and then read again.
    first: Vec<u8>,
    first_at: usize,
    text: Vec<u8>,
}

impl<R: BufRead> Texts<R> {
    /// Nothing is read yet.
    pub fn new(reader: R) -> Self {
        Self { reader, shape: Shape::Unknown, line_ends: 0, index: 0, first: Vec::new(), first_at: 0, text: Vec::new() }
    }

    /// The next event's text; none at the end.
    pub fn next_text(&mut self) -> io::Result<Option<Text<'_>>> {
        if self.shape == Shape::Unknown {
            self.shape = self.find_shape()?;
        }
        match self.shape {
            Shape::Lines => self.next_line(),
            Shape::Array => self.next_element(),
            Shape::Objects => self.next_object(),
            Shape::Tail => self.tail(),
            Shape::Unknown | Shape::Over => Ok(None),
        }
    }

    /// Reads up to the first line that is not blank, which tells the shape.
    fn find_shape(&mut self) -> io::Result<Shape> {
        loop {
            self.first.clear();
            if self.reader.read_until(b'\n', &mut self.first)? == 0 {
                return Ok(Shape::Over);
            }
            if self.line_ends == 0 && self.first.starts_with(b"\xef\xbb\xbf") {
                self.first.drain(..3);
            }
            if !self.first.trim_ascii().is_empty() {
                break;
            }
            self.line_ends += 1;
        }
        let line = self.first.trim_ascii();
        if line.starts_with(b"[") {
            self.first_at = self.first.iter().position(|byte| *byte == b'[').map_or(0, |at| at + 1);
            return Ok(Shape::Array);
        }
        let goes_on = line.starts_with(b"{") && matches!(line.last(), Some(b'{' | b',' | b'[' | b':'));
        Ok(if goes_on { Shape::Objects } else { Shape::Lines })
    }

    fn next_line(&mut self) -> io::Result<Option<Text<'_>>> {
        loop {
            self.text.clear();
            if self.first_at < self.first.len() {
                self.text.append(&mut self.first);
            } else if self.reader.read_until(b'\n', &mut self.text)? == 0 {
                self.shape = Shape::Over;
                return Ok(None);
            }
            self.line_ends += 1;
            if !self.text.trim_ascii().is_empty() {
                return Ok(Some(Text { bytes: self.text.trim_ascii(), line: self.line_ends, index: None, broken: None }));
            }
        }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = if let Some(byte) = self.first.get(self.first_at) {
            self.first_at += 1;
            *byte
        } else {
            let Some(byte) = self.reader.fill_buf()?.first().copied() else { return Ok(None) };
            self.reader.consume(1);
            byte
        };
        self.line_ends += u64::from(byte == b'\n');
        Ok(Some(byte))
    }

    /// Reads one value into `text`: up to `,` or `]` outside of it in an array, else up to its closing bracket.
    /// Gives the byte that ended it, none at the end of the input, and the line it began on.
    fn value(&mut self, in_array: bool) -> io::Result<(Option<u8>, u64)> {
        self.text.clear();
        let (mut depth, mut in_string, mut escaped, mut line) = (0_u64, false, false, self.line_ends + 1);
        while let Some(byte) = self.byte()? {
            if self.text.is_empty() {
                if byte.is_ascii_whitespace() {
                    continue;
                }
                line = self.line_ends + 1;
            }
            if in_string {
                in_string = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
            } else {
                match byte {
                    b'"' => in_string = true,
                    b',' | b']' if in_array && depth == 0 => return Ok((Some(byte), line)),
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 && !in_array {
                            self.text.push(byte);
                            return Ok((Some(byte), line));
                        }
                    }
                    _ => {}
                }
            }
            self.text.push(byte);
        }
        Ok((None, line))
    }

    fn next_element(&mut self) -> io::Result<Option<Text<'_>>> {
        let (end, line) = self.value(true)?;
        let empty_array = end == Some(b']') && self.index == 0 && self.text.is_empty();
        self.index += 1;
        self.shape = match end {
            Some(b',') => Shape::Array,
            Some(_) => Shape::Tail,
            None => Shape::Over,
        };
        if empty_array {
            return self.tail();
        }
        let broken = end.is_none().then_some("the array is cut off before its closing bracket");
        Ok(Some(Text { bytes: self.text.trim_ascii(), line, index: Some(self.index), broken }))
    }

    fn next_object(&mut self) -> io::Result<Option<Text<'_>>> {
        let (end, line) = self.value(false)?;
        if end.is_none() {
            self.shape = Shape::Over;
            if self.text.is_empty() {
                return Ok(None);
            }
        }
        let broken = end.is_none().then_some("the last object is cut off before its closing brace");
        Ok(Some(Text { bytes: self.text.trim_ascii(), line, index: None, broken }))
    }

    /// Only blanks may stand behind an array.
    fn tail(&mut self) -> io::Result<Option<Text<'_>>> {
        self.shape = Shape::Over;
        while let Some(byte) = self.byte()? {
            if !byte.is_ascii_whitespace() {
                self.text.clear();
                let broken = Some("there is more text behind the array's closing bracket");
                return Ok(Some(Text { bytes: &self.text, line: self.line_ends + 1, index: Some(self.index + 1), broken }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: &[(&str, u64, bool)]) {
        let mut texts = Texts::new(input.as_bytes());
        let mut found = Vec::new();
        while let Some(text) = texts.next_text().expect("memory reads") {
            found.push((String::from_utf8_lossy(text.bytes).into_owned(), text.place(), text.broken.is_some()));
        }
        let expect: Vec<_> = expect.iter().map(|(text, line, broken)| ((*text).to_owned(), *line, *broken)).collect();
        assert_eq!(found, expect, "{input:?}");
    }

    #[test]
    fn lines() {
        check("", &[]);
        check("\n \r\n", &[]);
        check("\u{feff}{\"a\":1}\r\n\r\n{\"b\":2}", &[("{\"a\":1}", 1, false), ("{\"b\":2}", 3, false)]);
        check("\n\n{\"a\":1}\n{\"b\"\n{\"c\":3}\n", &[("{\"a\":1}", 3, false), ("{\"b\"", 4, false), ("{\"c\":3}", 5, false)]);
        check("hello\n5", &[("hello", 1, false), ("5", 2, false)]);
    }

    #[test]
    fn arrays() {
        check("[]", &[]);
        check(" [ ] \n", &[]);
        check("\u{feff}\n[{\"a\":\"],\\\"\"},\n 5 ]\n", &[("{\"a\":\"],\\\"\"}", 1, false), ("5", 2, false)]);
        check("[[1,2],{\"b\":[3]}]", &[("[1,2]", 1, false), ("{\"b\":[3]}", 2, false)]);
        check("[1,]", &[("1", 1, false), ("", 2, false)]);
        check("[1,{\"a\":", &[("1", 1, false), ("{\"a\":", 2, true)]);
        check("[1", &[("1", 1, true)]);
        check("[", &[("", 1, true)]);
        check("[1] x", &[("1", 1, false), ("", 2, true)]);
        check("[] x", &[("", 2, true)]);
    }

    #[test]
    fn an_element_of_an_array_has_its_line_too() {
        let mut texts = Texts::new(&b"\n[\n {\"a\":1},\n\n {\n\"b\":2}, 5\n]\n"[..]);
        let mut found = Vec::new();
        while let Some(text) = texts.next_text().expect("memory reads") {
            found.push((text.index, text.line));
        }
        assert_eq!(found, [(Some(1), 3), (Some(2), 5), (Some(3), 6)]);
    }

    #[test]
    fn objects_over_several_lines() {
        check("{\n\"a\": {\"b\": 1}\n}\n", &[("{\n\"a\": {\"b\": 1}\n}", 1, false)]);
        check("{\n\"a\":1\n}\n{\n\"b\":2\n}", &[("{\n\"a\":1\n}", 1, false), ("{\n\"b\":2\n}", 4, false)]);
        check("{\n\"a\":1\n", &[("{\n\"a\":1", 1, true)]);
    }
}
