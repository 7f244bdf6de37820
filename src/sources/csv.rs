//! Generic events as CSV: a header row with the field names of JSON, a `type` column or a type that the caller gives.
//!
//! Each row becomes the JSON object that it stands for and goes through the checks of [`generic`](super::generic), so
//! that a row means the same in both. A list (`labels`, `flags`) is parted by `;` or blanks within its cell; `commits` are
//! shas parted by `;`, blanks or commas, or the list as in JSON. An empty cell is an absent field; unknown columns are
//! ignored. Commas, semicolons and tabs between cells are told apart by the header row.

use std::io::{self, BufRead, Read};

use ::csv::{ByteRecord, Reader, ReaderBuilder};
use serde_json::{Map, Value, json};

use super::generic::{Row, facts::TYPES, fields::Holds, fields::holds, fields::short, is_placed, row};
use super::{Headers, Refused, Source, signature};
use crate::domain::event::{Parsed, Rejected, Stated};

/// The registration.
pub const SOURCE: Source = Source {
    slug: "csv",
    name: "CSV",
    verify: |headers, _, tokens, _| signature::verify_bearer(headers, tokens),
    delivery_id: |_, _| None,
    check: |_, body| rows(body, None, false).map(drop),
    parse: |headers, body| parse(body, headers.get(TYPE_HEADER), is_placed(headers)),
    webhook: false,
    recorded: |_| Headers::default(),
    pages: None,
};

/// Under which a raw batch keeps the type of rows that name none.
const TYPE_HEADER: &str = "x-pacer-type";

/// What each type needs, as columns; alternatives are parted by a bar.
const NEEDED: &[(&str, &[&str])] = &[
    ("deployment", &["id", "service|repository", "status", "finished_at"]),
    ("change", &["id", "repository"]),
    ("incident", &["id", "started_at"]),
    ("item", &["id"]),
    ("activity", &["person", "kind", "at"]),
    ("review", &["change", "at"]),
    ("run", &["id", "repository", "status"]),
];

/// A column that is a field.
#[derive(Debug, Clone, Copy)]
struct Column {
    at: usize,
    name: &'static str,
    holds: Holds,
}

/// Every line with `\n` at its end, so that lines can be counted: `csv` counts before it skips the rest of `\r\n` and
/// blank lines, and the number of the next line is right in all cases only behind a plain `\n`.
struct PlainLines<R> {
    reader: R,
    line: Vec<u8>,
    taken: usize,
    /// The end was asked for and told.
    over: bool,
}

impl<R: BufRead> Read for PlainLines<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.line.len() {
            self.line.clear();
            self.taken = 0;
            if self.reader.read_until(b'\n', &mut self.line)? > 0 {
                let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
                self.line.truncate(text.strip_suffix(b"\r").unwrap_or(text).len());
                self.line.push(b'\n');
            }
        }
        let read = (&self.line[self.taken..]).read(into)?;
        self.taken += read;
        self.over |= read == 0 && !into.is_empty();
        Ok(read)
    }
}

/// The rows of a CSV, one after another. Ends after the first error of the reader.
pub struct Rows<R> {
    reader: Reader<PlainLines<R>>,
    header: ByteRecord,
    columns: Vec<Column>,
    unused: Vec<String>,
    width: usize,
    default_type: Option<String>,
    placed: bool,
    record: ByteRecord,
    over: bool,
}

/// Reads the header row. Refused where the input is no table that can be understood: the sentence says what was found
/// and what is needed. `default_type` is the type of rows that name none; `placed`: the service of all rows was said beside
/// them.
pub fn rows<R: BufRead>(mut reader: R, default_type: Option<&str>, placed: bool) -> Result<Rows<impl BufRead + use<R>>, Refused> {
    let refused = |sentence: String| Refused::Syntax(sentence);
    if let Some(unknown) = default_type.filter(|given| NEEDED.iter().all(|(known, _)| known != given)) {
        return Err(refused(format!("\"{}\" is no type; {TYPES} are", short(unknown))));
    }
    let mut first = Vec::new();
    while first.trim_ascii().is_empty() {
        first.retain(|byte| *byte == b'\n'); // blank lines still count
        let read = reader.read_until(b'\n', &mut first).map_err(|error| refused(format!("the input cannot be read: {error}")))?;
        if read == 0 {
            return Err(refused("the input is empty; its first row must name the columns".into()));
        }
    }
    if first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff") {
        return Err(refused("the input is UTF-16; save it as UTF-8".into()));
    }
    if first.starts_with(b"\xef\xbb\xbf") {
        first.drain(..3);
    }
    let Ok(header) = std::str::from_utf8(&first) else {
        return Err(refused("the header row is not valid UTF-8; save the input as UTF-8".into()));
    };
    let delimiter = delimiter(header);
    let both = PlainLines { reader: io::Cursor::new(first).chain(reader), line: Vec::new(), taken: 0, over: false };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(both);
    let header = reader.headers().map_err(|error| refused(format!("the header row cannot be read: {error}")))?;
    let header_row = header.as_byte_record().clone();
    let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let columns = columns(&names, default_type, placed).map_err(refused)?;
    let unused = names.iter().filter(|name| !name.is_empty() && holds(name).is_none()).map(|name| short(name)).collect();
    let default_type = default_type.map(Into::into);
    Ok(Rows {
        reader,
        header: header_row,
        columns,
        unused,
        width: names.len(),
        default_type,
        placed,
        record: ByteRecord::new(),
        over: false,
    })
}

/// All rows of a body.
pub fn parse(body: &[u8], default_type: Option<&str>, placed: bool) -> Parsed {
    let mut parsed = Parsed::default();
    match rows(body, default_type, placed) {
        Err(refused) => parsed.rejected.push(Rejected { line: 1, reason: refused.to_string() }),
        Ok(rows) => {
            for row in rows.flatten() {
                parsed.read += 1;
                match row {
                    Ok(stated) => parsed.events.push(stated),
                    Err(rejected) => parsed.rejected.push(rejected),
                }
            }
        }
    }
    parsed
}

fn text(record: &ByteRecord) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    // Writing to memory can't fail; a record that could not be written would only be missing from the raw copy.
    let _ = writer.write_byte_record(record);
    writer.into_inner().unwrap_or_default()
}

/// The character that parts the most names of the header row.
fn delimiter(header: &str) -> u8 {
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    // `max_by_key` takes the last of equals, so the comma stands last.
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn columns(names: &[String], default_type: Option<&str>, placed: bool) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some((name, holds)) = holds(name) else { continue };
        if columns.iter().any(|column| column.name == name) {
            return Err(format!("the column \"{name}\" stands twice in the header row"));
        }
        columns.push(Column { at, name, holds });
    }
    let has = |needed: &str| needed.split('|').any(|name| columns.iter().any(|column| column.name == name));
    let found = || names.iter().map(|name| short(name)).collect::<Vec<_>>().join(", ");
    let words = |needed: &[&str]| needed.join(", ").replace('|', " or ");
    match default_type {
        _ if has("type") => {}
        None => return Err(format!("there is no column \"type\"; add one or give --type. Columns found: {}", short(&found()))),
        Some(given) => {
            let needed = NEEDED.iter().find(|(known, _)| *known == given).map_or(&[][..], |(_, needed)| needed);
            if !needed.iter().all(|needed| has(needed) || (placed && *needed == "service|repository")) {
                return Err(format!("rows of type {given} need the columns {}. Columns found: {}", words(needed), short(&found())));
            }
        }
    }
    Ok(columns)
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.over {
            return None;
        }
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => Some(Ok(self.row())),
            Ok(false) => {
                self.over = true;
                None
            }
            Err(error) => {
                self.over = true;
                Some(Err(error.into()))
            }
        }
    }
}

impl<R: BufRead> Rows<R> {
    /// The names of columns that are no fields, and so are not read.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// The header row as comma-separated text, so that a batch of rows can be read on its own.
    pub fn header_text(&self) -> Vec<u8> {
        text(&self.header)
    }

    /// The row read last, as comma-separated text.
    pub fn row_text(&self) -> Vec<u8> {
        text(&self.record)
    }

    /// What else such a batch needs: the type of rows that name none.
    pub fn headers(&self) -> Headers {
        Headers(self.default_type.iter().map(|given| (TYPE_HEADER.to_owned(), given.clone())).collect())
    }

    fn row(&self) -> Result<Stated, Rejected> {
        let line_ends = self.record.as_slice().split(|byte| *byte == b'\n').skip(1).map(|_| 1_u64).sum::<u64>();
        // Every line has its end, so only an open quote is read up to the end of the input.
        let unclosed = self.reader.get_ref().over;
        let line = self.reader.position().line().saturating_sub(line_ends + u64::from(!unclosed));
        let rejected = |reason: String| Rejected { line, reason };
        if unclosed {
            return Err(rejected("a quote is opened in this row and never closed, so that all lines below it are part of its cell".into()));
        }
        if self.record.len() != self.width {
            return Err(rejected(format!("it has {} cells, and the header row {}", self.record.len(), self.width)));
        }
        let mut object = Map::new();
        for column in &self.columns {
            let cell = self.record.get(column.at).unwrap_or_default().trim_ascii();
            if cell.is_empty() {
                continue;
            }
            let Ok(text) = std::str::from_utf8(cell) else {
                return Err(rejected(format!("\"{}\" is not valid UTF-8; save the input as UTF-8", column.name)));
            };
            object.insert(column.name.into(), cell_value(column, &text.replace('\0', "\u{fffd}")).map_err(rejected)?);
        }
        if let (Some(given), false) = (&self.default_type, object.contains_key("type")) {
            object.insert("type".into(), Value::from(given.as_str()));
        }
        row::parse_value(Value::Object(object), line, self.placed)
    }
}

/// The JSON that a cell stands for. What does not fit stays a text, and the shared checks say so.
fn cell_value(column: &Column, cell: &str) -> Result<Value, String> {
    Ok(match column.holds {
        Holds::Text | Holds::Name | Holds::Time => Value::from(cell),
        Holds::Truth => match cell.to_lowercase().as_str() {
            "true" | "yes" | "1" => Value::Bool(true),
            "false" | "no" | "0" => Value::Bool(false),
            _ => Value::from(cell),
        },
        Holds::Whole => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
        Holds::Texts => parts(cell).map(Value::from).collect(),
        Holds::Commits => commits(column.name, cell)?,
    })
}

/// The commits of a cell: shas, or the list as in JSON. A name that is no sha's would be taken for a commit that nobody
/// knows, so it is refused.
fn commits(column: &str, cell: &str) -> Result<Value, String> {
    let list: Vec<Value> = if cell.starts_with(['[', '{']) {
        serde_json::from_str(cell).map_err(|error| format!("\"{column}\" is neither shas nor a JSON list of commits: {error}"))?
    } else {
        cell.split([';', ',']).flat_map(str::split_whitespace).map(Value::from).collect()
    };
    let commit = |entry: Value| {
        let entry = if let Value::String(sha) = entry { json!({ "sha": sha }) } else { entry };
        match entry.get("sha").and_then(Value::as_str).map(str::trim).filter(|sha| !is_sha(sha)) {
            Some(other) => Err(format!(
                "\"{column}\" names \"{}\", which is no sha: give hexadecimal digits, several parted by ; or blanks",
                short(other)
            )),
            None => Ok(entry),
        }
    };
    list.into_iter().map(commit).collect()
}

/// A sha, perhaps abbreviated.
fn is_sha(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ' ']).map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;

    fn read(text: &str, default_type: Option<&str>) -> Vec<Result<Stated, Rejected>> {
        rows(text.as_bytes(), default_type, false).expect("a table").map(|row| row.expect("memory reads")).collect()
    }

    /// Lines of the rows taken, and "line: reason" of the others.
    fn check(text: &str, default_type: Option<&str>, taken: &[u64], refused: &[&str]) {
        let found = read(text, default_type);
        let lines: Vec<u64> = found.iter().flatten().map(|stated| stated.line).collect();
        let reasons: Vec<String> = found.into_iter().filter_map(Result::err).map(|row| format!("{}: {}", row.line, row.reason)).collect();
        assert_eq!((lines.as_slice(), reasons.iter().map(String::as_str).collect::<Vec<_>>().as_slice()), (taken, refused), "{text:?}");
    }

    #[test]
    fn a_row_is_the_event_that_it_would_be_in_json() {
        let table = "\u{feff}Type;id;service;status;finished_at;commits;flags;note\r\n\
                     deployment;d1;\"check;out\";success;2026-05-01T10:00:00Z;\"a1 b2;c3\";hotfix;ignored\r\n";
        let stated = read(table, None).remove(0).expect("a deployment");
        let json = r#"{"type":"deployment","id":"d1","service":"check;out","status":"success","finished_at":"2026-05-01T10:00:00Z",
            "commits":[{"sha":"a1"},{"sha":"b2"},{"sha":"c3"}],"flags":["hotfix"]}"#;
        assert_eq!(stated, crate::sources::generic::parse_line(json, 2).expect("a deployment"));
    }

    #[test]
    fn lines_and_reasons() {
        check("id\n", Some("item"), &[], &[]);
        check("id\na\n\nb\n", Some("item"), &[2, 4], &[]);
        check("\n\nid\na\n", Some("item"), &[4], &[]);
        check("id\ttitle\na\t\"two\nlines\"\nb\tx\n", Some("item"), &[2, 4], &[]);
        check(
            "type,id\n,a\nitem,b\nlunch,c\n",
            Some("item"),
            &[2, 3],
            &["4: \"type\" is \"lunch\"; deployment, change, review, incident, item, activity and run are known"],
        );
        check(
            "type,id\n,a\n",
            None,
            &[],
            &["2: \"type\" is missing; it is one of deployment, change, review, incident, item, activity and run"],
        );
        check(
            "id,repository,lines_added,bot\na,o/r,many,\nb,o/r,3,maybe\nc,o/r,,yes\nd,o/r\n",
            Some("change"),
            &[4],
            &[
                "2: \"lines_added\" must be a whole number, not \"many\"",
                "3: \"bot\" must be true or false, not \"maybe\"",
                "5: it has 2 cells, and the header row 4",
            ],
        );
        check("id,started_at\na,yesterday\n", Some("incident"), &[], &["2: \"started_at\" is not an RFC 3339 time: \"yesterday\""]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_by_the_row_that_opens_it() {
        let reason = "a quote is opened in this row and never closed, so that all lines below it are part of its cell";
        for end in ["", "\n", "\r\n"] {
            check(&format!("id,title\na,b\nc,\"d{end}"), Some("item"), &[2], &[&format!("3: {reason}")]);
            check(&format!("id,title\na,b\nc,\"d\ne,f\ng,h{end}"), Some("item"), &[2], &[&format!("3: {reason}")]);
            check(&format!("id,title\n\na,\"b\nb\"\n\nc,\"d\n\"{end}"), Some("item"), &[3, 6], &[]);
        }
    }

    #[test]
    fn commits_are_shas_parted_in_any_way_or_the_list_as_in_json() {
        let of = |cell: &str| {
            let row =
                format!("id;service;status;finished_at;commits\nd1;s;success;2026-05-01T10:00:00Z;\"{}\"\n", cell.replace('"', "\"\""));
            let stated = read(&row, Some("deployment")).remove(0).map_err(|rejected| rejected.reason)?;
            let Event::Deployment(it) = stated.event else { panic!("a deployment") };
            Ok::<_, String>(it.commits.into_iter().flatten().map(|commit| (commit.sha, commit.authored_at)).collect::<Vec<_>>())
        };
        let shas = |list: &[&str]| Ok(list.iter().map(|sha| ((*sha).to_string(), None)).collect::<Vec<_>>());
        for cell in ["a1;b2", "a1 b2", "a1,b2", " a1 ;\tb2,", "a1\nB2", "[\"a1\", \"b2\"]", "[{\"sha\":\"A1\"},{\"sha\":\"b2\"}]"] {
            assert_eq!(of(cell), shas(&["a1", "b2"]), "{cell}");
        }
        let dated = of(r#"[{"sha":"a1","authored_at":"2026-04-30T10:00:00Z"}]"#).expect("a commit");
        assert!(dated[0].1.is_some());
        for (cell, says) in [
            ("a1;fix the thing", "\"commits\" names \"fix\", which is no sha"),
            ("a1|b2", "names \"a1|b2\""),
            ("[{\"sha\":\"HEAD\"}]", "names \"HEAD\""),
            ("[{\"sha\":", "neither shas nor a JSON list of commits"),
            ("{\"sha\":\"a1\"}", "neither shas nor a JSON list of commits"),
            ("[{}]", "\"commits[0].sha\" is missing"),
            ("[7]", "\"commits[0]\" must be an object"),
        ] {
            let reason = of(cell).expect_err(cell);
            assert!(reason.contains(says), "{cell}: {reason}");
        }
    }

    #[test]
    fn rows_whose_service_was_said_beside_them_need_no_such_column() {
        let table = "id,status,finished_at\nd1,success,2026-05-01T10:00:00Z\n";
        assert!(rows(table.as_bytes(), Some("deployment"), false).is_err());
        assert_eq!(parse(table.as_bytes(), Some("deployment"), true).events.len(), 1);
        assert_eq!(parse(format!("type,{table}").replace("\nd1", "\ndeployment,d1").as_bytes(), None, true).events.len(), 1);
    }

    #[test]
    fn ten_thousand_bad_rows_are_each_told() {
        let table = format!("id,started_at\n{}", "x,never\n".repeat(10_000));
        let found = read(&table, Some("incident"));
        assert_eq!(found.len(), 10_000);
        assert_eq!(found[9_999].as_ref().expect_err("never").line, 10_001);
    }

    #[test]
    fn a_table_that_cannot_be_understood_is_refused() {
        let check = |bytes: &[u8], default_type: Option<&str>, expect: &str| {
            let said = rows(bytes, default_type, false).err().map(|refused| refused.to_string()).unwrap_or_default();
            assert!(said.contains(expect), "{said:?} does not say {expect:?}");
        };
        check(b"", None, "the input is empty");
        check(b"\n\n", None, "the input is empty");
        check(b"a,b\n1,2\n", None, "there is no column \"type\"; add one or give --type. Columns found: a, b");
        check(b"a,id\n", Some("deployment"), "need the columns id, service or repository, status, finished_at. Columns found: a, id");
        check(b"id\n", Some("lunch"), "\"lunch\" is no type");
        check(b"id,id\n", Some("item"), "\"id\" stands twice");
        check(b"i\xffd\n", Some("item"), "the header row is not valid UTF-8");
        check(b"\xff\xfei\0", Some("item"), "UTF-16");
    }

    #[test]
    fn a_cell_in_another_encoding_costs_its_row_only() {
        let found: Vec<_> = rows(&b"id,title\na,caf\xe9\nb,x\0y\n"[..], Some("item"), false).expect("a table").flatten().collect();
        assert_eq!(found[0].as_ref().expect_err("latin-1").reason, "\"title\" is not valid UTF-8; save the input as UTF-8");
        let Ok(Stated { event: Event::Item(item), .. }) = &found[1] else { panic!("an item") };
        assert_eq!(item.title.as_deref(), Some("x\u{fffd}y"));
    }
}
