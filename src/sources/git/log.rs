//! [`LogReader`]: the output of `git log` to commits, piece by piece.
//!
//! Why NUL between the fields: names and messages may hold anything else, quotes, line ends and bytes that are
//! not UTF-8 too. Git cuts a message at a NUL, so a commit is always [`FIELDS`] of them, then the files it touches where
//! they were asked for, then the next commit: [`START`] and its name.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};

use crate::domain::event::Commit;
use crate::domain::machines::is_bot;
use crate::domain::time::At;

/// Arguments of `git log` whose output [`LogReader`] reads: every commit that a branch, a remote's branch or a
/// tag reaches, newest first. Notes, the stash and replacements are git's own bookkeeping, not history.
///
/// With `files`, those that each commit touches too: git then compares trees, which takes several times as long. A merge
/// touches none: what it brings, its commits touch.
pub fn log(files: bool) -> Vec<&'static str> {
    let patch: &[&str] =
        if files { &["--name-only", "--no-renames", "--no-relative", "--ignore-submodules=none"] } else { &["--no-patch"] };
    let fixed = ["log", "-z", FORMAT, "--encoding=UTF-8", "--no-color", "--no-show-signature", "--no-mailmap"];
    let refs = ["--exclude=refs/notes/*", "--exclude=refs/stash", "--exclude=refs/replace/*", "--all", "--"];
    [&fixed, patch, &refs].concat()
}

const FORMAT: &str = "--format=tformat:%x01%H%x00%P%x00%at%x00%ct%x00%an%x00%ae%x00%B";
/// How many fields of [`FORMAT`] end with a NUL; the last by `-z`.
const FIELDS: usize = 7;
/// What a commit begins with, so that its name is told from that of a file.
const START: u8 = 1;

/// Reads commits from pieces of [`log`]'s output, cut anywhere.
#[derive(Debug)]
pub struct LogReader {
    repository: String,
    shallow: HashSet<String>,
    /// Whether files were asked for.
    files: bool,
    /// Bytes of a commit that is not complete yet.
    pending: Vec<u8>,
    /// Where its fields and files end, as far as they are there.
    ends: Vec<usize>,
}

impl LogReader {
    /// A reader for the repository of that name; `shallow` are the lines of git's file of that name, the commits
    /// whose parents are not in the clone. `files` is what [`log`] was asked with.
    pub fn new(repository: &str, shallow: &str, files: bool) -> Self {
        Self {
            repository: repository.to_string(),
            shallow: shallow.split_whitespace().map(str::to_string).collect(),
            files,
            pending: Vec::new(),
            ends: Vec::with_capacity(FIELDS),
        }
    }

    /// The commits that `bytes` complete: all but the last begun. Fails where the output is not [`log`]'s.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Commit>> {
        let (base, mut start, mut commits) = (self.pending.len(), 0, Vec::new());
        self.pending.extend_from_slice(bytes);
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == 0) {
            let (begin, end) = (self.ends.last().map_or(start, |end| end + 1), base + at);
            if self.ends.len() >= FIELDS && begins_commit(&self.pending[begin..end]) {
                commits.push(self.commit(start)?);
                start = begin;
                self.ends.clear();
            }
            self.ends.push(end);
        }
        self.pending.drain(..start);
        for end in &mut self.ends {
            *end -= start;
        }
        Ok(commits)
    }

    /// To be called at the end of the output: the last commit. Fails where the output was cut off within it.
    pub fn finish(self) -> Result<Option<Commit>> {
        if self.pending.is_empty() {
            return Ok(None);
        }
        if self.ends.len() < FIELDS || self.pending.last() != Some(&0) {
            bail!("the output of git log was cut off");
        }
        self.commit(0).map(Some)
    }

    /// The complete commit that begins at `start`.
    fn commit(&self, start: usize) -> Result<Commit> {
        let mut from = start;
        let mut words = self.ends.iter().map(|end| {
            let word = &self.pending[from..*end];
            from = end + 1;
            word
        });
        let mut fields = [&[] as &[u8]; FIELDS];
        fields.iter_mut().zip(&mut words).for_each(|(field, word)| *field = word);
        let [sha, parents, authored, committed, name, email, message] = fields;
        let sha = sha.strip_prefix(&[START]).filter(|sha| is_object_name(sha)).context("git log told of something that is not a commit")?;
        let sha = String::from_utf8_lossy(sha).into_owned();
        let paths = words.map(|file| String::from_utf8_lossy(file.strip_prefix(b"\n").unwrap_or(file)).into_owned()).collect();
        let (name, email) = (text(name), text(email));
        Ok(Commit {
            shallow: self.shallow.contains(&sha),
            sha,
            repository: Some(self.repository.clone()),
            authored_at: instant(authored),
            committed_at: instant(committed),
            bot: Some(is_bot(&name) || is_bot(&email)),
            email: Some(email.clone()).filter(|email| !email.is_empty()),
            author: [email, name].into_iter().find(|word| !word.is_empty()),
            paths: self.files.then_some(paths),
            message: Some(text(message)),
            parents: Some(text(parents).split_whitespace().map(str::to_string).collect()),
            exact_parents: true,
        })
    }
}

/// Whether a word is a commit's name rather than a file's.
fn begins_commit(word: &[u8]) -> bool {
    word.strip_prefix(&[START]).is_some_and(is_object_name)
}

/// Whether it is the whole name of an object, SHA-1 or SHA-256.
fn is_object_name(word: &[u8]) -> bool {
    matches!(word.len(), 40 | 64) && word.iter().all(u8::is_ascii_hexdigit)
}

/// Lossy where it is not UTF-8; without white space around.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}

/// Seconds since 1970 as git prints them; none where git could not read the date.
pub(super) fn instant(bytes: &[u8]) -> Option<At> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok().map(At::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

    fn record(fields: [&[u8]; FIELDS]) -> Vec<u8> {
        [START].into_iter().chain(fields.iter().flat_map(|field| field.iter().copied().chain([0]))).collect()
    }

    fn ada(sha: &str, parents: &str, message: &[u8]) -> Vec<u8> {
        record([sha.as_bytes(), parents.as_bytes(), b"1700000000", b"1700000060", b"Ada", b"ada@x.org", message])
    }

    fn read(bytes: &[u8]) -> Vec<Commit> {
        read_all(LogReader::new("shop", B, false), &[bytes])
    }

    fn read_all(mut reader: LogReader, pieces: &[&[u8]]) -> Vec<Commit> {
        let mut commits: Vec<Commit> = pieces.iter().flat_map(|piece| reader.feed(piece).expect("a log")).collect();
        commits.extend(reader.finish().expect("whole"));
        commits
    }

    #[test]
    fn a_commit_is_read_whole() {
        let commits = read(&ada(A, &format!("{B} {C}"), b"Merge\n\nbody\n"));
        let expect = Commit {
            sha: A.into(),
            repository: Some("shop".into()),
            authored_at: At::parse("2023-11-14T22:13:20Z"),
            committed_at: At::parse("2023-11-14T22:14:20Z"),
            author: Some("ada@x.org".into()),
            bot: Some(false),
            message: Some("Merge\n\nbody".into()),
            parents: Some(vec![B.into(), C.into()]),
            exact_parents: true,
            email: Some("ada@x.org".into()),
            ..Commit::default()
        };
        assert_eq!(commits, [expect]);
    }

    #[test]
    fn a_message_may_hold_anything() {
        let check = |message: &[u8], expect: &str| {
            let bytes = [ada(A, B, message), ada(B, "", b"next")].concat();
            let commits = read(&bytes);
            assert_eq!(commits[0].message.as_deref(), Some(expect));
            assert_eq!(commits[1].message.as_deref(), Some("next"), "after {expect}");
        };
        check(b"", "");
        check(b"\n\n", "");
        check(b"a\n\ncommit 0123\nAuthor: x\n\x1e\x1f", "a\n\ncommit 0123\nAuthor: x\n\u{1e}\u{1f}");
        check(b"caf\xe9 \xff", "caf\u{fffd} \u{fffd}");
        check(b"a\r\nb\r\n", "a\r\nb");
        check("größer 🚢".as_bytes(), "größer 🚢");
    }

    #[test]
    fn pieces_may_be_cut_anywhere() {
        let bytes = [ada(A, B, b"one\n"), b"\npay/a\0b c\0".to_vec(), ada(B, C, b"two\xc3\xa4\n"), ada(C, "", b"")].concat();
        let whole = read_all(LogReader::new("shop", B, true), &[&bytes]);
        assert_eq!(whole.len(), 3);
        for size in 1..bytes.len() {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(read_all(LogReader::new("shop", B, true), &pieces), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn an_output_that_is_cut_off_or_foreign_is_refused() {
        let ends = |bytes: &[u8], files: bool| {
            let mut reader = LogReader::new("shop", "", files);
            assert!(reader.feed(bytes).expect("so far fine").is_empty());
            reader.finish()
        };
        assert!(ends(&ada(A, "", b"one")[..60], false).is_err());
        assert!(ends(&[ada(A, "", b"one").as_slice(), b"\npay/a\0pay"].concat(), true).is_err());
        assert!(ends(&ada("fatal: what", "", b"x"), false).is_err());
        assert_eq!(ends(b"", false).expect("no commits at all"), None);
    }

    #[test]
    fn the_files_of_a_commit_follow_it() {
        let bytes = [ada(A, B, b"one"), b"\npay/a\0b\nc\0caf\xe9\0".to_vec(), ada(B, "", b"empty")].concat();
        let commits = read_all(LogReader::new("shop", "", true), &[&bytes]);
        let files = |names: &[&str]| Some(names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>());
        assert_eq!(commits[0].paths, files(&["pay/a", "b\nc", "caf\u{fffd}"]));
        assert_eq!(commits[1].paths, files(&[]), "it touches none");
        assert_eq!(read(&ada(A, B, b"one"))[0].paths, None, "not asked for");
    }

    #[test]
    fn the_edge_of_a_shallow_clone_is_marked() {
        let commits = read(&[ada(A, B, b"one"), ada(B, "", b"two")].concat());
        assert_eq!(commits.iter().map(|commit| commit.shallow).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn bots_are_told_from_name_or_email() {
        let check = |name: &str, email: &str, expect: bool| {
            let bytes = record([A.as_bytes(), b"", b"1", b"1", name.as_bytes(), email.as_bytes(), b"m"]);
            assert_eq!(read(&bytes)[0].bot, Some(expect), "{name} <{email}>");
        };
        check("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", true);
        check("CI", "release[bot]@x.org", true);
        check("Renovate Bot", "bot@renovateapp.com", true);
        check("Abbot", "abbot@x.org", false);
    }

    #[test]
    fn unreadable_dates_and_names_leave_the_commit_in_the_ancestry() {
        let bytes = record([A.as_bytes(), B.as_bytes(), b"", b"99999999999999999999", b"", b"", b"m"]);
        let commit = read(&bytes).remove(0);
        assert_eq!((commit.authored_at, commit.committed_at, commit.author), (None, None, None));
        assert_eq!(commit.parents, Some(vec![B.to_string()]));
    }
}
