//! [`LogReader`]: the output of `git log` to commits, piece by piece.
//!
//! Why NUL between the fields: names and messages may hold anything else, quotes, line ends and bytes that are
//! not UTF-8 too. Git cuts a message at a NUL, so a commit is always [`FIELDS`] of them.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};

use crate::domain::event::Commit;
use crate::domain::machines::is_bot;
use crate::domain::time::At;

/// Arguments of `git log` whose output [`LogReader`] reads: every commit that a branch, a remote's branch or a
/// tag reaches, newest first. Notes, the stash and replacements are git's own bookkeeping, not history.
pub const LOG: &[&str] = &[
    "log",
    "-z",
    "--format=tformat:%H%x00%P%x00%at%x00%ct%x00%an%x00%ae%x00%B",
    "--encoding=UTF-8",
    "--no-patch",
    "--no-color",
    "--no-show-signature",
    "--no-mailmap",
    "--exclude=refs/notes/*",
    "--exclude=refs/stash",
    "--exclude=refs/replace/*",
    "--all",
    "--",
];

/// How many fields of [`LOG`]'s format end with a NUL; the last by `-z`.
const FIELDS: usize = 7;

/// Reads commits from pieces of [`LOG`]'s output, cut anywhere.
#[derive(Debug)]
pub struct LogReader {
    repository: String,
    shallow: HashSet<String>,
    /// Bytes of a commit that is not complete yet.
    pending: Vec<u8>,
    /// Where its fields end, as far as they are there.
    ends: Vec<usize>,
}

impl LogReader {
    /// A reader for the repository of that name; `shallow` are the lines of git's file of that name, the commits
    /// whose parents are not in the clone.
    pub fn new(repository: &str, shallow: &str) -> Self {
        Self {
            repository: repository.to_string(),
            shallow: shallow.split_whitespace().map(str::to_string).collect(),
            pending: Vec::new(),
            ends: Vec::with_capacity(FIELDS),
        }
    }

    /// The commits that `bytes` complete. Fails where the output is not [`LOG`]'s.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Commit>> {
        let (base, mut start, mut commits) = (self.pending.len(), 0, Vec::new());
        self.pending.extend_from_slice(bytes);
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == 0) {
            self.ends.push(base + at);
            if self.ends.len() == FIELDS {
                commits.push(self.commit(start)?);
                start = base + at + 1;
                self.ends.clear();
            }
        }
        self.pending.drain(..start);
        for end in &mut self.ends {
            *end -= start;
        }
        Ok(commits)
    }

    /// To be called at the end of the output: fails where it was cut off within a commit.
    pub fn finish(self) -> Result<()> {
        if !self.pending.is_empty() {
            bail!("the output of git log was cut off");
        }
        Ok(())
    }

    /// The complete commit that begins at `start`.
    fn commit(&self, start: usize) -> Result<Commit> {
        let mut from = start;
        let mut fields = [&[] as &[u8]; FIELDS];
        for (field, end) in fields.iter_mut().zip(&self.ends) {
            *field = &self.pending[from..*end];
            from = end + 1;
        }
        let [sha, parents, authored, committed, name, email, message] = fields;
        let sha =
            std::str::from_utf8(sha).ok().filter(|sha| is_object_name(sha)).context("git log told of something that is not a commit")?;
        let (name, email) = (text(name), text(email));
        Ok(Commit {
            sha: sha.to_string(),
            repository: Some(self.repository.clone()),
            authored_at: instant(authored),
            committed_at: instant(committed),
            bot: Some(is_bot(&name) || is_bot(&email)),
            email: Some(email.clone()).filter(|email| !email.is_empty()),
            author: [email, name].into_iter().find(|word| !word.is_empty()),
            paths: None,
            message: Some(text(message)),
            parents: Some(text(parents).split_whitespace().map(str::to_string).collect()),
            exact_parents: true,
            shallow: self.shallow.contains(sha),
        })
    }
}

/// Whether it is the whole name of an object, SHA-1 or SHA-256.
fn is_object_name(word: &str) -> bool {
    matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
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
        fields.iter().flat_map(|field| field.iter().copied().chain([0])).collect()
    }

    fn ada(sha: &str, parents: &str, message: &[u8]) -> Vec<u8> {
        record([sha.as_bytes(), parents.as_bytes(), b"1700000000", b"1700000060", b"Ada", b"ada@x.org", message])
    }

    fn read(bytes: &[u8]) -> Vec<Commit> {
        let mut reader = LogReader::new("shop", B);
        let commits = reader.feed(bytes).expect("a log");
        reader.finish().expect("whole");
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
        let bytes = [ada(A, B, b"one\n"), ada(B, C, b"two\xc3\xa4\n"), ada(C, "", b"")].concat();
        let whole = read(&bytes);
        assert_eq!(whole.len(), 3);
        for size in 1..bytes.len() {
            let mut reader = LogReader::new("shop", B);
            let pieces: Vec<Commit> = bytes.chunks(size).flat_map(|piece| reader.feed(piece).expect("a log")).collect();
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
    }

    #[test]
    fn an_output_that_is_cut_off_or_foreign_is_refused() {
        let mut reader = LogReader::new("shop", "");
        assert!(reader.feed(&ada(A, "", b"one")[..60]).expect("so far fine").is_empty());
        assert!(reader.finish().is_err());
        assert!(LogReader::new("shop", "").feed(&ada("fatal: what", "", b"x")).is_err());
        assert!(LogReader::new("shop", "").finish().is_ok(), "no commits at all");
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
