//! Tags to deployments: which tags count, for which service, at which moment.
//!
//! Why the id is `REPOSITORY:TAG`: two repositories may both have `v1.0`, and a tag's name holds no colon, so no two
//! tags share an id. Within a repository ids sort as the names do: "by date, then name" is (finish, id).
//!
//! Why the tag's date is the version: a tag that was moved points to later work, and then the later one wins.

use anyhow::{Context, Result};
use regex::Regex;

use super::log::instant;
use crate::domain::event::{Deployment, Event, Rejected, Stated, Status};
use crate::domain::time::At;

/// Arguments of `git for-each-ref` whose output [`parse_tags`] reads. `*` is what an annotated tag points to: the
/// next object before git 2.45, the last one since.
pub const TAGS: &[&str] = &[
    "for-each-ref",
    "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(taggerdate:unix)%00%(committerdate:unix)%00%(*objecttype)%00%(*objectname)%00%(*committerdate:unix)",
    "refs/tags",
];

/// Tags that count without `--tag`: versions of two to four numbers, so no pre-releases.
const RELEASE: &str = r"^(?:(?<service>[A-Za-z][\w.-]*?)[-/])?v?\d+(\.\d+){1,3}$";

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// When it was made, for an annotated tag that says so.
    pub tagged_at: Option<At>,
    /// What it points to.
    pub target: Target,
}

/// What a tag points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A commit, and when it was committed.
    Commit {
        /// Its name.
        sha: String,
        /// The committer's date.
        committed_at: Option<At>,
    },
    /// Another tag, by its object name: ask git what lies behind.
    Tag(String),
    /// A tree or a blob.
    Other(String),
}

/// Reads [`TAGS`]'s output, one tag a line.
pub fn parse_tags(output: &[u8]) -> Vec<Tag> {
    output.split(|byte| *byte == b'\n').filter_map(parse_tag).collect()
}

fn parse_tag(line: &[u8]) -> Option<Tag> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    let [refname, kind, object, tagged, committed, inner_kind, inner, inner_committed] = fields[..] else { return None };
    let name = String::from_utf8_lossy(refname.strip_prefix(b"refs/tags/")?).into_owned();
    let (kind, object, committed) = if kind == b"tag" { (inner_kind, inner, inner_committed) } else { (kind, object, committed) };
    let object = String::from_utf8_lossy(object).into_owned();
    let target = match kind {
        b"commit" => Target::Commit { sha: object, committed_at: instant(committed) },
        b"tag" => Target::Tag(object),
        other => Target::Other(String::from_utf8_lossy(other).into_owned()),
    };
    Some(Tag { name, tagged_at: instant(tagged), target })
}

/// Which tags of a repository are deployments, and of what.
#[derive(Debug, Clone)]
pub struct TagRule {
    repository: String,
    release: Regex,
    /// With `--tag`: replaces the pattern.
    glob: Option<Regex>,
}

impl TagRule {
    /// The rule for a repository, with the pattern of the command line.
    pub fn new(repository: &str, glob: Option<&str>) -> Result<Self> {
        Ok(Self {
            repository: repository.to_string(),
            release: Regex::new(RELEASE).context("reading our own pattern of release tags")?,
            glob: glob
                .map(|glob| Regex::new(&glob_pattern(glob)).with_context(|| format!("--tag {glob} is not a pattern of a shell")))
                .transpose()?,
        })
    }

    /// The service that a tag of this name deploys; none where it is no release.
    pub fn service(&self, name: &str) -> Option<String> {
        let release = self.release.captures(name);
        let counts = self.glob.as_ref().map_or(release.is_some(), |glob| glob.is_match(name));
        let prefix = || release.and_then(|found| found.name("service")).map(|found| found.as_str().to_string());
        counts.then(|| prefix().unwrap_or_else(|| self.repository.clone()))
    }

    /// The deployments among the tags, by date, then name; and those that point to no commit, with the reason.
    /// `line` is the number of the first row.
    pub fn deployments(&self, mut tags: Vec<Tag>, line: u64) -> (Vec<Stated>, Vec<Rejected>) {
        tags.sort_by_cached_key(|tag| (tag.finished_at(), tag.name.clone()));
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        let releases = tags.iter().filter_map(|tag| Some((tag, self.service(&tag.name)?)));
        for (line, (tag, service)) in (line..).zip(releases) {
            match self.deployment(tag, service) {
                Ok(deployment) => {
                    events.push(Stated { updated_at: deployment.finished_at, event: Event::Deployment(deployment), line });
                }
                Err(reason) => rejected.push(Rejected { line, reason }),
            }
        }
        (events, rejected)
    }

    fn deployment(&self, tag: &Tag, service: String) -> Result<Deployment, String> {
        let sha = match &tag.target {
            Target::Commit { sha, .. } => sha.clone(),
            Target::Tag(_) => return Err(format!("tag {} leads to no commit: only a tag on a commit is a deployment", tag.name)),
            Target::Other(kind) => {
                return Err(format!("tag {} points to a {kind}, not to a commit: only a tag on a commit is a deployment", tag.name));
            }
        };
        let finished_at =
            tag.finished_at().ok_or_else(|| format!("tag {} has no date that can be read: tag its commit again", tag.name))?;
        Ok(Deployment {
            id: format!("{}:{}", self.repository, tag.name),
            service: Some(service),
            repository: Some(self.repository.clone()),
            environment: None, // a tag names none
            production: None,
            status: Status::Success,
            started_at: None,
            finished_at: Some(finished_at),
            sha: Some(sha),
            commits: None,
            hotfix: false,
            rollback: false,
            previous: None,
            via: "deployment".to_string(),
        })
    }
}

impl Tag {
    /// The tagger's date if annotated, else the committer's date of the commit. An annotated tag without a date, as
    /// the first versions of git made them, has its commit's.
    fn finished_at(&self) -> Option<At> {
        match &self.target {
            Target::Commit { committed_at, .. } => self.tagged_at.or(*committed_at),
            Target::Tag(_) | Target::Other(_) => self.tagged_at,
        }
    }
}

/// A shell's pattern as a regular expression on the whole name: `*`, `?`, `[a-z]`, `[!a-z]`, `\x`. As with `git tag
/// --list`, `*` takes slashes too; a bracket that is never closed stands for itself.
fn glob_pattern(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    let mut rest = glob.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '\\' => pattern.push_str(&literal(rest.next().unwrap_or('\\'))),
            '[' => match set_pattern(rest.as_str()) {
                Some((set, after)) => {
                    pattern.push_str(&set);
                    rest = after.chars();
                }
                None => pattern.push_str(r"\["),
            },
            other => pattern.push_str(&literal(other)),
        }
    }
    pattern + "$"
}

/// What follows an opening bracket, as a regular expression, and what stands after its end.
fn set_pattern(text: &str) -> Option<(String, &str)> {
    let (negated, text) = text.strip_prefix(['!', '^']).map_or((false, text), |rest| (true, rest));
    let first = text.chars().next()?.len_utf8(); // a bracket in the first place is a member
    let end = first + text[first..].find(']')?;
    let members: Vec<char> = text[..end].chars().collect();
    let mut set = String::from(if negated { "[^" } else { "[" });
    for (place, member) in members.iter().enumerate() {
        if *member == '-' && place > 0 && place + 1 < members.len() {
            set.push('-');
        } else {
            set.push_str(&literal(*member));
        }
    }
    Some((set + "]", &text[end + 1..]))
}

fn literal(letter: char) -> String {
    regex::escape(&letter.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn rule(glob: Option<&str>) -> TagRule {
        TagRule::new("shop", glob).expect("a rule")
    }

    #[test]
    fn versions_count_and_their_prefix_is_the_service() {
        let check = |tag: &str, expect: Option<&str>| assert_eq!(rule(None).service(tag).as_deref(), expect, "{tag}");
        check("checkout-v1.2.3", Some("checkout"));
        check("checkout-1.2", Some("checkout"));
        check("checkout/v1.2.3.4", Some("checkout"));
        check("release/2.0.1", Some("release"));
        check("tokio-util-0.7.1", Some("tokio-util"));
        check("tokio-util-v0.7.1", Some("tokio-util"));
        check("web.api_2-1.0", Some("web.api_2"));
        check("v1.0", Some("shop"));
        check("1.2", Some("shop"));
        check("1.2.3.4", Some("shop"));
        check("v1.0-rc1", None);
        check("v1.0.0-beta.2", None);
        check("v1", None);
        check("1.2.3.4.5", None);
        check("weekly", None);
        check("a/b-1.0", None);
        check("2-1.0", None);
        check("v1.0\nx", None);
    }

    #[test]
    fn a_glob_replaces_the_pattern() {
        let check = |glob: &str, tag: &str, expect: Option<&str>| {
            assert_eq!(rule(Some(glob)).service(tag).as_deref(), expect, "--tag {glob}: {tag}");
        };
        check("checkout-v*", "checkout-v1.2.3", Some("checkout"));
        check("checkout-v*", "checkout-v1.2.3-rc1", Some("shop"));
        check("checkout-v*", "pay-v1.2.3", None);
        check("checkout-v*", "my-checkout-v1.0", None);
        check("week*", "weekly", Some("shop"));
        check("*", "a/b", Some("shop"));
        check("v?.?", "v1.0", Some("shop"));
        check("v?.?", "v1x0", None);
        check("v[0-9]", "v7", Some("shop"));
        check("v[0-9]", "vx", None);
        check("v[!0-9]", "vx", Some("shop"));
        check("v[^0-9]", "v7", None);
        check("[]x]", "]", Some("shop"));
        check("[a&&b~~c]", "&", Some("shop"));
        check("[a\\d]", "7", None);
        check("a[b", "a[b", Some("shop"));
        check("a\\*", "a*", Some("shop"));
        check("a\\*", "ab", None);
        check("a+(b)|$", "a+(b)|$", Some("shop"));
        check("é?", "éü", Some("shop"));
    }

    #[test]
    fn a_range_that_runs_backwards_is_refused() {
        let refused = TagRule::new("shop", Some("v[9-0]")).expect_err("a bad range");
        assert_eq!(refused.to_string(), "--tag v[9-0] is not a pattern of a shell");
    }

    fn lines(rows: &[[&str; 8]]) -> Vec<Tag> {
        parse_tags(rows.iter().map(|row| row.join("\0") + "\n").collect::<String>().as_bytes())
    }

    #[test]
    fn what_a_tag_points_to_is_read_through_annotations() {
        let commit = |at: i64| Target::Commit { sha: SHA.into(), committed_at: Some(At::from_secs(at)) };
        let check = |row: [&str; 8], tagged: Option<i64>, target: Target| {
            let expect = Tag { name: "a/b".into(), tagged_at: tagged.map(At::from_secs), target };
            assert_eq!(lines(&[row]), [expect]);
        };
        check(["refs/tags/a/b", "commit", SHA, "", "5", "", "", ""], None, commit(5));
        check(["refs/tags/a/b", "tag", "f00", "9", "", "commit", SHA, "5"], Some(9), commit(5));
        check(["refs/tags/a/b", "tag", "f00", "", "", "commit", SHA, "5"], None, commit(5));
        check(["refs/tags/a/b", "tag", "f00", "9", "", "tag", "f01", ""], Some(9), Target::Tag("f01".into()));
        check(["refs/tags/a/b", "tree", "f02", "", "", "", "", ""], None, Target::Other("tree".into()));
        check(["refs/tags/a/b", "tag", "f00", "9", "", "blob", "f03", ""], Some(9), Target::Other("blob".into()));
    }

    #[test]
    fn deployments_are_ordered_by_date_then_name() {
        let tags = lines(&[
            ["refs/tags/v1.10", "commit", SHA, "", "5", "", "", ""],
            ["refs/tags/v1.9", "commit", SHA, "", "5", "", "", ""],
            ["refs/tags/v0.1", "tag", "f00", "7", "", "commit", SHA, "1"],
            ["refs/tags/v2.0", "tree", "f00", "", "", "", "", ""],
            ["refs/tags/nightly", "commit", SHA, "", "1", "", "", ""],
        ]);
        let (events, rejected) = rule(None).deployments(tags, 10);
        let told: Vec<String> = events
            .iter()
            .map(|stated| match &stated.event {
                Event::Deployment(row) => format!("{} {} {:?}", stated.line, row.id, row.finished_at.map(|at| at.0 / 1_000_000)),
                _ => String::new(),
            })
            .collect();
        assert_eq!(told, ["11 shop:v1.10 Some(5)", "12 shop:v1.9 Some(5)", "13 shop:v0.1 Some(7)"]);
        let reason = "tag v2.0 points to a tree, not to a commit: only a tag on a commit is a deployment".to_string();
        assert_eq!(rejected, [Rejected { line: 10, reason }]);
    }
}
