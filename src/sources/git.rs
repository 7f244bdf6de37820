//! Plain git: the output of the `git` program to commits and deployments. [`crate::backfill`] runs the program.
//!
//! A tag is a production deployment, at the tagger's date if it is annotated, else at the committer's date of its
//! commit. The default pattern takes versions (`1.2`, `v1.2.3`, `checkout-v1.2.3`, `checkout/1.2.3`) and no
//! pre-releases; what stands before the version is the service.
//!
//! Why a deployment's id begins with the repository: two repositories both have a `v1.0.0`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Headers, Refused, Source};
use crate::domain::event::{Commit, Deployment, Event, Parsed, Rejected, Stated, Status, is_bot};
use crate::domain::time::At;

/// The registration. A repository is its own record, so there is nothing to receive and nothing to replay.
pub const SOURCE: Source = Source {
    slug: "git",
    name: "git",
    verify: |_, _, _, _| Err(Refused::Origin("git repositories are imported, not sent".into())),
    delivery_id: |_, _| None,
    check: |_, _| Err(Refused::Syntax("git repositories are imported, not sent".into())),
    parse: |_, _| Parsed { ignored: Some("a repository is its own record: import it again".into()), read: 1, ..Parsed::default() },
    webhook: false,
    recorded: |_| Headers::default(),
};

/// The format of `git log -z`: fields parted by 0x1f, the message last since it may hold anything.
pub const LOG_FORMAT: &str = "--format=%H%x1f%P%x1f%at%x1f%ct%x1f%an%x1f%ae%x1f%B";
/// The format of `git for-each-ref refs/tags`: one line a tag, fields parted by NUL.
pub const TAG_FORMAT: &str = "--format=%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(taggerdate:unix)%00%(committerdate:unix)%00%(*committerdate:unix)";

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?<service>[A-Za-z][\w.-]*?)[-/])?v?\d+(\.\d+){1,3}$").expect("a constant pattern that a test compiles")
});

/// A commit of `git log` in [`LOG_FORMAT`]. None for what is not one.
pub fn commit(record: &[u8], repository: &str, shallow: impl Fn(&str) -> bool) -> Option<Commit> {
    let text = String::from_utf8_lossy(record);
    let mut fields = text.splitn(7, '\u{1f}');
    let mut next = || fields.next();
    let sha = next()?.trim();
    let (parents, authored, committed, name, mail, message) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let secs = |text: &str| text.parse::<i64>().ok().map(At::from_secs);
    Some(Commit {
        sha: sha.to_string(),
        repository: Some(repository.to_string()),
        authored_at: secs(authored),
        committed_at: secs(committed),
        author: Some(mail.to_string()),
        bot: Some(is_bot(name) || is_bot(mail)),
        message: Some(message.trim_end().replace('\0', "")),
        parents: Some(parents.split(' ').filter(|parent| !parent.is_empty()).map(str::to_string).collect()),
        exact_parents: true,
        shallow: shallow(sha),
    })
}

/// Which tags are deployments, and of what.
#[derive(Debug, Clone)]
pub struct Tags {
    /// Instead of the default pattern.
    glob: Option<Regex>,
    /// Instead of the tag's prefix.
    service: Option<String>,
    /// The folder's name.
    repository: String,
    environment: String,
}

/// A tag as `git for-each-ref` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The commit it points to; none where it points to something else, or to another tag.
    pub commit: Option<String>,
    /// Whether it points to another tag: then git must be asked for the commit.
    pub nested: bool,
    /// The tagger's date, else the committer's date of its commit.
    pub at: Option<At>,
}

impl Tags {
    /// `glob` as a shell writes it.
    pub fn new(glob: Option<&str>, service: Option<&str>, repository: &str, environment: Option<&str>) -> Result<Self, String> {
        let glob = glob.map(from_glob).transpose()?;
        let environment = environment.unwrap_or("production").to_string();
        Ok(Self { glob, service: service.map(str::to_string), repository: repository.to_string(), environment })
    }

    /// The service that a tag of that name deploys; none where it is no deployment.
    pub fn service(&self, tag: &str) -> Option<String> {
        let version = VERSION.captures(tag);
        let taken = self.glob.as_ref().map_or(version.is_some(), |glob| glob.is_match(tag));
        let prefix = version.and_then(|found| found.name("service").map(|service| service.as_str().to_string()));
        taken.then(|| self.service.clone().or(prefix).unwrap_or_else(|| self.repository.clone()))
    }

    /// The deployment of a tag; `None` for a tag that is none.
    pub fn deployment(&self, tag: &Tag, line: u64) -> Option<Result<Stated, Rejected>> {
        let service = self.service(&tag.name)?;
        let refused = |reason: String| Some(Err(Rejected { line, reason }));
        let Some(sha) = &tag.commit else { return refused(format!("tag {} does not point to a commit", tag.name)) };
        let Some(at) = tag.at else { return refused(format!("tag {} has no date", tag.name)) };
        let deployment = Deployment {
            id: format!("{}:{}", self.repository, tag.name),
            service: Some(service),
            repository: Some(self.repository.clone()),
            environment: Some(self.environment.clone()),
            production: None,
            status: Status::Success,
            started_at: None,
            finished_at: Some(at),
            sha: Some(sha.clone()),
            commits: None,
            hotfix: false,
            rollback: false,
            previous: None,
            via: "deployment".into(),
        };
        Some(Ok(Stated { event: Event::Deployment(deployment), updated_at: None, line }))
    }
}

/// A tag of `git for-each-ref` in [`TAG_FORMAT`].
pub fn tag(line: &[u8]) -> Option<Tag> {
    let text = String::from_utf8_lossy(line);
    let fields: Vec<&str> = text.split('\0').collect();
    let [name, kind, object, inner_kind, inner, tagged, committed, inner_committed] = fields[..] else { return None };
    let secs = |text: &str| text.parse::<i64>().ok().map(At::from_secs);
    let commit = match (kind, inner_kind) {
        ("commit", _) => Some(object.to_string()),
        ("tag", "commit") => Some(inner.to_string()),
        _ => None,
    };
    let at = secs(tagged).or_else(|| secs(committed)).or_else(|| secs(inner_committed));
    Some(Tag { name: name.to_string(), commit, nested: inner_kind == "tag", at })
}

/// A repository's name: its folder's, without `.git`.
pub fn repository_name(folder: &str) -> String {
    let name = folder.trim_end_matches('/').rsplit('/').next().unwrap_or(folder);
    name.strip_suffix(".git").filter(|name| !name.is_empty()).unwrap_or(name).to_string()
}

fn from_glob(glob: &str) -> Result<Regex, String> {
    let mut pattern = String::from("^");
    let mut letters = glob.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '[' => {
                pattern.push('[');
                if letters.next_if(|next| *next == '!').is_some() {
                    pattern.push('^');
                }
                pattern.extend(
                    letters
                        .by_ref()
                        .take_while(|inner| *inner != ']')
                        .flat_map(|inner| if inner == '\\' { vec!['\\', '\\'] } else { vec![inner] }),
                );
                pattern.push(']');
            }
            other => pattern.push_str(&regex::escape(&other.to_string())),
        }
    }
    pattern.push('$');
    Regex::new(&pattern).map_err(|_| format!("`{glob}` is not a pattern for tags: write it as in 'checkout-v*'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_deployments_and_what_stands_before_them_is_the_service() {
        let tags = Tags::new(None, None, "shop", None).unwrap();
        let check = |tag: &str, expect: Option<&str>| assert_eq!(tags.service(tag).as_deref(), expect, "{tag}");
        check("v1.2.3", Some("shop"));
        check("1.2", Some("shop"));
        check("1.2.3.4", Some("shop"));
        check("checkout-v1.2.3", Some("checkout"));
        check("tokio-util-0.7.1", Some("tokio-util"));
        check("release/2.0.1", Some("release"));
        check("v1.0-rc1", None);
        check("1", None);
        check("1.2.3.4.5", None);
        check("nightly", None);
        check("v1.2.3-beta.1", None);
    }

    #[test]
    fn a_glob_replaces_the_pattern() {
        let check = |glob: &str, service: Option<&str>, tag: &str, expect: Option<&str>| {
            assert_eq!(Tags::new(Some(glob), service, "shop", None).unwrap().service(tag).as_deref(), expect, "{glob} {tag}");
        };
        check("checkout-v*", None, "checkout-v1.2.3", Some("checkout"));
        check("checkout-v*", None, "checkout-v1.2.3-rc1", Some("shop"));
        check("checkout-v*", None, "v1.2.3", None);
        check("v[0-9]*", Some("till"), "v1-rc1", Some("till"));
        check("v[!0]*", None, "v0.1", None);
        check("prod?", None, "prod1", Some("shop"));
        check("a+b", None, "a+b", Some("shop"));
    }

    #[test]
    fn a_log_record_is_read_whatever_its_message_holds() {
        let record = b"aa\x1fbb cc\x1f100\x1f200\x1fren [bot]\x1fr@x\x1fSubject \x1f odd\n\nThis reverts commit dd.\n\xff";
        let commit = commit(record, "shop", |_| false).unwrap();
        assert_eq!(commit.parents.as_deref(), Some(["bb".to_string(), "cc".into()].as_slice()));
        assert_eq!((commit.authored_at, commit.committed_at), (Some(At::from_secs(100)), Some(At::from_secs(200))));
        assert_eq!(commit.bot, Some(true));
        assert!(commit.message.unwrap().starts_with("Subject \u{1f} odd\n\nThis reverts commit dd."));
    }

    #[test]
    fn annotated_tags_have_the_taggers_date_and_others_their_commits() {
        let check = |line: &str, commit: Option<&str>, at: Option<i64>| {
            let tag = tag(line.as_bytes()).unwrap();
            assert_eq!((tag.commit.as_deref(), tag.at), (commit, at.map(At::from_secs)), "{line}");
        };
        check("v1\0tag\0tt\0commit\0cc\x00500\0\x00400", Some("cc"), Some(500));
        check("v1\0commit\0cc\0\0\0\x00400\0", Some("cc"), Some(400));
        check("v1\0tree\0tt\0\0\0\0\0", None, None);
        check("v1\0tag\0tt\0tree\0oo\x00500\0\0", None, Some(500));
    }

    #[test]
    fn a_bare_clone_is_named_without_its_ending() {
        assert_eq!(repository_name("/srv/git/checkout.git/"), "checkout");
        assert_eq!(repository_name("checkout"), "checkout");
    }
}
