//! Tags to deployments: which tags count, for which service, at which moment.
//!
//! Why the id is `REPOSITORY:TAG`: two repositories may both have `v1.0`, and a tag's name holds no colon, so no two
//! tags share an id. Within a repository ids sort as the names do: "by date, then name" is (finish, id).
//!
//! Why the tag's date is the version: a tag that was moved points to later work, and then the later one wins.

use anyhow::{Context, Error, Result};
use globset::GlobMatcher;
use regex::Regex;

use super::log::instant;
use crate::domain::event::{Deployment, Event, Rejected, Stated, Status};
use crate::domain::glob;
use crate::domain::time::At;

/// Arguments of `git for-each-ref` whose output [`parse_tags`] reads. `*` is what an annotated tag points to: the
/// next object before git 2.45, the last one since.
pub const TAGS: &[&str] = &[
    "for-each-ref",
    "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(taggerdate:unix)%00%(committerdate:unix)%00%(*objecttype)%00%(*objectname)%00%(*committerdate:unix)",
    "refs/tags",
];

/// Tags that count without `--tag`: versions of two to four numbers, so no pre-releases.
const VERSION: &str = r"^(?:(?<service>[A-Za-z][\w.-]*?)[-/])?v?\d+(\.\d+){1,3}$";

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
    version: Regex,
    /// With `--tag`: replaces the pattern.
    glob: Option<GlobMatcher>,
    /// The services that declare this repository, each with the tags that it declares.
    services: Vec<(String, Option<GlobMatcher>)>,
}

/// That a tag is a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The service that its name tells; none: that of the repository.
    pub service: Option<String>,
}

impl TagRule {
    /// The rule for a repository, with the pattern of the command line and the services that declare the repository, each
    /// with the pattern of its tags.
    pub fn new<'a>(repository: &str, glob: Option<&str>, services: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Result<Self> {
        let read = |pattern: &str| glob::tags(pattern).map(|glob| glob.compile_matcher()).map_err(Error::msg);
        Ok(Self {
            repository: repository.to_string(),
            version: Regex::new(VERSION).context("reading our own pattern of versions")?,
            glob: glob.map(read).transpose().context("reading --tag")?,
            services: services
                .into_iter()
                .map(|(service, tags)| Ok((service.to_string(), tags.map(read).transpose()?)))
                .collect::<Result<_>>()?,
        })
    }

    /// Whether a tag of this name is a deployment: by the pattern of the command line, else by that of a service, else as
    /// a version, but not of a service that declares its tags.
    pub fn release(&self, name: &str) -> Option<Release> {
        if self.glob.as_ref().is_some_and(|glob| !glob.is_match(name)) {
            return None;
        }
        let matching =
            self.services.iter().filter_map(|(service, tags)| Some((service, tags.as_ref().filter(|tags| tags.is_match(name))?)));
        if let Some((service, _)) = matching.max_by_key(|(_, tags)| tags.glob().glob().len()) {
            return Some(Release { service: Some(service.clone()) });
        }
        let version = self.version.captures(name);
        let prefix = version.as_ref().and_then(|found| found.name("service")).map(|found| found.as_str());
        let mut meant = self.services.iter().filter(|(service, _)| prefix.is_none_or(|prefix| prefix == service)).peekable();
        let has_other_tags = meant.peek().is_some() && meant.all(|(_, tags)| tags.is_some());
        let counts = self.glob.is_some() || (version.is_some() && !has_other_tags);
        counts.then(|| Release { service: prefix.map(str::to_string) })
    }

    /// The deployments among the tags, by date, then name; and those that point to no commit, with the reason.
    /// `line` is the number of the first row.
    pub fn deployments(&self, mut tags: Vec<Tag>, line: u64) -> (Vec<Stated>, Vec<Rejected>) {
        tags.sort_by_cached_key(|tag| (tag.finished_at(), tag.name.clone()));
        let (mut events, mut rejected) = (Vec::new(), Vec::new());
        let releases = tags.iter().filter_map(|tag| Some((tag, self.release(&tag.name)?)));
        for (line, (tag, release)) in (line..).zip(releases) {
            match self.deployment(tag, release) {
                Ok(deployment) => {
                    events.push(Stated { updated_at: deployment.finished_at, event: Event::Deployment(deployment), line });
                }
                Err(reason) => rejected.push(Rejected { line, reason }),
            }
        }
        (events, rejected)
    }

    fn deployment(&self, tag: &Tag, release: Release) -> Result<Deployment, String> {
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
            service: release.service,
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

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn rule(glob: Option<&str>) -> TagRule {
        TagRule::new("shop", glob, []).expect("a rule")
    }

    /// The service that a tag deploys: `-` for the repository's, none for no deployment.
    fn told(rule: &TagRule, tag: &str) -> Option<String> {
        rule.release(tag).map(|release| release.service.unwrap_or_else(|| "-".into()))
    }

    #[test]
    fn versions_count_and_their_prefix_is_the_service() {
        let check = |tag: &str, expect: Option<&str>| assert_eq!(told(&rule(None), tag).as_deref(), expect, "{tag}");
        check("checkout-v1.2.3", Some("checkout"));
        check("checkout-1.2", Some("checkout"));
        check("checkout/v1.2.3.4", Some("checkout"));
        check("release/2.0.1", Some("release"));
        check("tokio-util-0.7.1", Some("tokio-util"));
        check("tokio-util-v0.7.1", Some("tokio-util"));
        check("web.api_2-1.0", Some("web.api_2"));
        check("v1.0", Some("-"));
        check("1.2", Some("-"));
        check("1.2.3.4", Some("-"));
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
            assert_eq!(told(&rule(Some(glob)), tag).as_deref(), expect, "--tag {glob}: {tag}");
        };
        check("checkout-v*", "checkout-v1.2.3", Some("checkout"));
        check("checkout-v*", "checkout-v1.2.3-rc1", Some("-"));
        check("checkout-v*", "pay-v1.2.3", None);
        check("checkout-v*", "my-checkout-v1.0", None);
        check("*", "a/b", Some("-"));
        check("v?.?", "v1.0", Some("-"));
        check("v?.?", "v1x0", None);
        check("v[0-9]", "v7", Some("-"));
        check("v[!0-9]", "v7", None);
        check("{prod,live}-*", "live-7", Some("-"));
        check("a\\*", "a*", Some("-"));
        check("a\\*", "ab", None);
        check("a+(b)|$", "a+(b)|$", Some("-"));
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        let refused = TagRule::new("shop", Some("v[9-0]"), []).expect_err("a bad pattern");
        assert!(format!("{refused:#}").starts_with("reading --tag: `v[9-0]` is not a glob of tags"), "{refused:#}");
    }

    #[test]
    fn a_service_that_declares_its_tags_has_those_and_no_others() {
        let services = [("pay", Some("pay-*")), ("pay-api", Some("pay-api-*")), ("web", None), ("site", Some("live/*"))];
        let check = |glob: Option<&str>, tag: &str, expect: Option<&str>| {
            let rule = TagRule::new("mono", glob, services).expect("a rule");
            assert_eq!(told(&rule, tag).as_deref(), expect, "{tag}");
        };
        check(None, "pay-2026.11", Some("pay"));
        check(None, "pay-api-7", Some("pay-api"));
        check(None, "live/7", Some("site"));
        check(None, "site-v1.0", None);
        check(None, "web-v1.0", Some("web"));
        check(None, "jobs-v1.0", Some("jobs"));
        check(None, "v1.0", Some("-"));
        check(Some("*7"), "pay-api-7", Some("pay-api"));
        check(Some("*7"), "pay-8", None);
        check(Some("*7"), "site-v1.7", Some("site"));
        let only = TagRule::new("shop", None, [("checkout", Some("live-*"))]).expect("a rule");
        assert_eq!(
            (told(&only, "live-1").as_deref(), told(&only, "v1.0"), told(&only, "pay-v1.0").as_deref()),
            (Some("checkout"), None, Some("pay"))
        );
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
