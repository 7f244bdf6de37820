//! Reading a clone by the `git` program: all of its history and its tags. Never its configuration, and never the network.
//!
//! The output is read in pieces and handed over in batches, commits first, then tags: memory does not grow with the
//! history.
//!
//! Why the program and not a library: its ancestry and dates are the definition, and `git log` is as fast as it gets,
//! so long as no order is asked of it that needs the whole history first.
//!
//! Why the program is fenced in: a clone may belong to another user and its configuration may name programs. So
//! ownership is not asked for, but nothing that configuration could start is used: no pager, no hooks, no
//! signature check, no fetch. Replacements and grafts are off: a sha then means the same in every clone.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::domain::event::{Commit, Event, Parsed, Stated};
use crate::domain::org::Org;
use crate::sources::git::{LogReader, TAGS, Tag, TagRule, Target, log, parse_tags, repository_name};

/// Commits or tags in a batch.
const BATCH_ROWS: usize = 1_000;
/// Bytes of messages and files after which a batch goes before it is full.
const BATCH_BYTES: usize = 4 << 20;
/// Bytes read at a time.
const PIECE_BYTES: usize = 256 << 10;
/// Of git's complaints, as many bytes are kept.
const WORDS_BYTES: u64 = 16 << 10;

/// Settings that could start a program or hide what there is; those of the command line stand above the clone's.
const FENCE: &[&str] = &[
    "--no-pager",
    "--no-replace-objects",
    "-c",
    "safe.directory=*",
    "-c",
    "safe.bareRepository=all",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
];

/// Variables by which a surrounding git (we may run in a hook) would point to another repository.
const FOREIGN: &[&str] = &[
    "GIT_DIR",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_TRACE",
];

/// A repository to read.
#[derive(Debug, Clone)]
pub struct GitImport<'a> {
    /// A clone, bare or not, a worktree, or a folder in one.
    pub path: PathBuf,
    /// Whose services declare their tags and files.
    pub org: &'a Org,
    /// The tags that are deployments, as a shell's pattern, instead of versions.
    pub tags: Option<String>,
    /// False for history and messages only.
    pub deployments: bool,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitRead {
    /// Something that the person should know: no commits, no tag matches, a shallow clone; with what to do.
    pub note: Option<String>,
}

/// How much there was.
struct Found {
    commits: u64,
    tags: u64,
    releases: u64,
}

impl GitImport<'_> {
    /// Reads commits, then tags, and hands them over in batches of about 1,000. Rows are numbered through.
    pub async fn run(&self, mut take: impl AsyncFnMut(Parsed) -> Result<()>) -> Result<GitRead> {
        let clone = Repository::open(&self.path).await?;
        let tags = self.org.declaring(&clone.name).map(|(name, service)| (name, service.tags.as_deref()));
        let rule = TagRule::new(&clone.name, self.tags.as_deref(), tags)?;
        let files = self.org.declaring(&clone.name).any(|(_, service)| !service.paths.is_empty());
        let mut found = Found { commits: clone.commits(files, &mut take).await?, tags: 0, releases: 0 };
        if self.deployments {
            let tags = clone.tags().await?;
            found.tags = tags.len() as u64;
            found.releases = hand_over(&rule, tags, found.commits + 1, &mut take).await?;
        }
        Ok(GitRead { note: self.note(&clone, &found) })
    }

    fn note(&self, clone: &Repository, found: &Found) -> Option<String> {
        let name = &clone.name;
        if found.commits == 0 {
            return Some(format!("{name} has no commits yet, so there is nothing to read"));
        }
        let shallow = (!clone.shallow.is_empty()).then(|| {
            format!("{name} is a shallow clone, so what its oldest releases contain is not known: run `git fetch --unshallow --tags` in it and import it again")
        });
        let nothing = (self.deployments && found.releases == 0).then(|| self.no_releases(name, found.tags));
        let notes: Vec<String> = shallow.into_iter().chain(nothing).collect();
        (!notes.is_empty()).then(|| notes.join("\npacer: "))
    }

    fn no_releases(&self, name: &str, tags: u64) -> String {
        match (tags, &self.tags) {
            (0, _) => format!(
                "{name} has no tags, so no deployment is known: run `git fetch --tags` in it if it is tagged elsewhere, or send deployments as events"
            ),
            (_, Some(glob)) => {
                format!("none of the {tags} tags of {name} matches `{glob}`, so no deployment is known: `git tag --list` shows their names")
            }
            (_, None) => format!(
                "none of the {tags} tags of {name} is a version such as v1.2.3 or checkout-v1.2.3, so no deployment is known: name those that are deployments with --tag, as in --tag 'release-*'"
            ),
        }
    }
}

/// A clone that git can read.
struct Repository {
    folder: PathBuf,
    name: String,
    /// The lines of git's file of that name; empty for a whole clone.
    shallow: String,
}

impl Repository {
    async fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let folder = tokio::fs::canonicalize(path).await.map_err(|error| anyhow!("{shown} can't be read: {error}"))?;
        if !folder.is_dir() {
            bail!("{shown} is not a git repository but a file: give the path of a clone");
        }
        let mut clone = Self { folder, name: String::new(), shallow: String::new() };
        let (status, told, words) = clone.ask(&["rev-parse", "--absolute-git-dir", "--git-path", "shallow"]).await?;
        if words.contains("not a git repository") {
            bail!("{shown} is not a git repository: give the path of a clone");
        }
        read_or(status, &words, &clone.folder)?;
        let told = String::from_utf8_lossy(&told);
        let (git_dir, shallow) = told.trim_end().split_once('\n').context("asking git where the repository is")?;
        clone.name = repository_name(&clone.top().await?.unwrap_or_else(|| PathBuf::from(git_dir)));
        let file = clone.folder.join(shallow);
        clone.shallow = match tokio::fs::read_to_string(&file).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.with_context(|| format!("reading {}", file.display()))?,
        };
        Ok(clone)
    }

    /// The folder of the work tree; none for a bare clone.
    async fn top(&self) -> Result<Option<PathBuf>> {
        let (status, told, _) = self.ask(&["rev-parse", "--show-toplevel"]).await?;
        let told = String::from_utf8_lossy(&told).trim_end().to_string();
        Ok((status.success() && !told.is_empty()).then(|| PathBuf::from(told)))
    }

    /// Hands over all commits, with the files that each touches or without, and says how many.
    async fn commits(&self, files: bool, take: &mut impl AsyncFnMut(Parsed) -> Result<()>) -> Result<u64> {
        let mut child = self.git(&log(files))?;
        let output = child.stdout.take().context("git log has no output")?;
        let complaints = child.stderr.take();
        let (sent, words) = tokio::try_join!(self.stream(output, files, take), words(complaints))?;
        read_or(child.wait().await?, &words, &self.folder)?;
        Ok(sent)
    }

    async fn stream(
        &self,
        mut output: impl AsyncRead + Unpin,
        files: bool,
        take: &mut impl AsyncFnMut(Parsed) -> Result<()>,
    ) -> Result<u64> {
        let mut reader = LogReader::new(&self.name, &self.shallow, files);
        let (mut piece, mut batch, mut bytes, mut line) = (vec![0; PIECE_BYTES], Vec::new(), 0, 0);
        loop {
            let size = output.read(&mut piece).await.context("reading the output of git log")?;
            if size == 0 {
                break;
            }
            for commit in reader.feed(&piece[..size])? {
                line += 1;
                bytes += size_of(&commit);
                batch.push(Stated { event: Event::Commit(commit), updated_at: None, line });
                if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
                    bytes = 0;
                    take(batch_of(std::mem::take(&mut batch))).await?;
                }
            }
        }
        if let Some(last) = reader.finish()? {
            line += 1;
            batch.push(Stated { event: Event::Commit(last), updated_at: None, line });
        }
        if !batch.is_empty() {
            take(batch_of(batch)).await?;
        }
        Ok(line)
    }

    /// All tags, each followed to the object behind it.
    async fn tags(&self) -> Result<Vec<Tag>> {
        let (status, output, words) = self.ask(TAGS).await?;
        read_or(status, &words, &self.folder)?;
        let mut tags = parse_tags(&output);
        for tag in &mut tags {
            if let Target::Tag(object) = &tag.target {
                tag.target = self.behind(object).await?;
            }
        }
        Ok(tags)
    }

    /// What lies behind a tag on a tag, for a git that does not say so itself.
    async fn behind(&self, object: &str) -> Result<Target> {
        let commit = format!("{object}^{{commit}}");
        let (status, output, _) = self.ask(&["log", "--no-walk", "--no-show-signature", "--format=%H %ct", &commit, "--"]).await?;
        let told = String::from_utf8_lossy(&output);
        let target = told.trim_end().split_once(' ').filter(|_| status.success()).map(|(sha, secs)| Target::Commit {
            sha: sha.to_string(),
            committed_at: secs.parse().ok().map(crate::domain::time::At::from_secs),
        });
        Ok(target.unwrap_or_else(|| Target::Tag(object.to_string())))
    }

    /// Runs git to its end: status, output, complaints.
    async fn ask(&self, arguments: &[&str]) -> Result<(ExitStatus, Vec<u8>, String)> {
        let output = self.git(arguments)?.wait_with_output().await.context("waiting for git")?;
        Ok((output.status, output.stdout, String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Starts git in the clone.
    fn git(&self, arguments: &[&str]) -> Result<Child> {
        let mut command = Command::new("git");
        command.args(FENCE).args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        for name in FOREIGN {
            command.env_remove(name);
        }
        let quiet = [("LC_ALL", "C"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("GIT_TERMINAL_PROMPT", "0")];
        command.envs(quiet).env("GIT_GRAFT_FILE", "/dev/null").spawn().map_err(|error| not_started(&error))
    }
}

fn not_started(error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!("the program git was not found: install git, then import again"),
        _ => anyhow!("git could not be started ({error}): check that `git --version` works for this user"),
    }
}

/// Git's own first complaint as the error, where it failed.
fn read_or(status: ExitStatus, words: &str, folder: &Path) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let complaint = words.lines().find_map(|line| line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")));
    let complaint = complaint.map_or_else(|| status.to_string(), str::to_string);
    bail!("git could not read {} ({complaint}): run `git fsck` there to see what is damaged", folder.display())
}

/// What git complains of, cut where it is too long; all of it is read, so that git never waits for us.
async fn words(complaints: Option<tokio::process::ChildStderr>) -> Result<String> {
    let Some(mut complaints) = complaints else { return Ok(String::new()) };
    let mut kept = Vec::new();
    (&mut complaints).take(WORDS_BYTES).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut complaints, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&kept).into_owned())
}

async fn hand_over(rule: &TagRule, mut tags: Vec<Tag>, line: u64, take: &mut impl AsyncFnMut(Parsed) -> Result<()>) -> Result<u64> {
    tags.retain(|tag| rule.release(&tag.name).is_some());
    let releases = tags.len() as u64;
    let (events, rejected) = rule.deployments(tags, line);
    if !rejected.is_empty() {
        take(Parsed { read: rejected.len() as u64, rejected, ..Parsed::default() }).await?;
    }
    for rows in events.chunks(BATCH_ROWS) {
        take(batch_of(rows.to_vec())).await?;
    }
    Ok(releases)
}

/// Bytes of what may be long.
fn size_of(commit: &Commit) -> usize {
    let files = commit.paths.iter().flatten().map(String::len).sum::<usize>();
    files + commit.message.as_ref().map_or(0, String::len)
}

fn batch_of(events: Vec<Stated>) -> Parsed {
    Parsed { read: events.len() as u64, events, ..Parsed::default() }
}

#[cfg(test)]
mod tests {
    use std::process::Command as Git;
    use std::sync::LazyLock;

    use super::*;
    use crate::domain::event::Deployment;
    use crate::domain::org::OrgFile;

    /// A small real repository with fixed dates: day N of commits and tags is N days after 2023-11-14.
    struct Shop {
        _temp: tempfile::TempDir,
        path: PathBuf,
    }

    impl Shop {
        fn new() -> Self {
            let temp = tempfile::tempdir().expect("a folder");
            let path = temp.path().join("shop");
            std::fs::create_dir(&path).expect("a folder");
            let shop = Self { _temp: temp, path };
            shop.git(0, &["init", "-q", "-b", "main"]);
            shop
        }

        fn git(&self, day: i64, arguments: &[&str]) -> String {
            let date = format!("{} +0200", 1_700_000_000 + day * 86_400);
            let mut git = Git::new("git");
            git.args(["-c", "user.name=Ada", "-c", "user.email=ada@x.org", "-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false"]);
            git.args(arguments).current_dir(&self.path).env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
            git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
            let output = git.output().expect("git");
            assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).trim().to_string()
        }

        fn commit(&self, day: i64, message: &str) -> String {
            self.git(day, &["commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message]);
            self.git(day, &["rev-parse", "HEAD"])
        }

        fn beside(&self, name: &str) -> PathBuf {
            self.path.with_file_name(name)
        }
    }

    static NOBODY: LazyLock<Org> = LazyLock::new(Org::default);

    fn of(path: impl Into<PathBuf>) -> GitImport<'static> {
        GitImport { path: path.into(), org: &NOBODY, tags: None, deployments: true }
    }

    /// What was handed over, and the note.
    async fn read(import: GitImport<'_>) -> Result<(String, Vec<Parsed>)> {
        let mut batches = Vec::new();
        let read = import
            .run(async |batch| {
                batches.push(batch);
                Ok(())
            })
            .await?;
        Ok((read.note.unwrap_or_default(), batches))
    }

    fn rows(batches: &[Parsed]) -> u64 {
        batches.iter().map(|batch| batch.read).sum()
    }

    fn commits(batches: &[Parsed]) -> Vec<Commit> {
        let events = batches.iter().flat_map(|batch| &batch.events);
        events.filter_map(|stated| if let Event::Commit(commit) = &stated.event { Some(commit.clone()) } else { None }).collect()
    }

    fn deployments(batches: &[Parsed]) -> Vec<Deployment> {
        let events = batches.iter().flat_map(|batch| &batch.events);
        events.filter_map(|stated| if let Event::Deployment(row) = &stated.event { Some(row.clone()) } else { None }).collect()
    }

    /// `ID SERVICE DAY` of each deployment.
    fn told(batches: &[Parsed]) -> Vec<String> {
        let day = |row: &Deployment| row.finished_at.map_or(-1, |at| (at.0 / 1_000_000 - 1_700_000_000) / 86_400);
        deployments(batches).iter().map(|row| format!("{} {} {}", row.id, row.service.as_deref().unwrap_or("-"), day(row))).collect()
    }

    async fn refusal(path: &Path) -> String {
        read(of(path)).await.expect_err("a refusal").to_string()
    }

    #[tokio::test]
    async fn tags_are_dated_by_the_tagger_or_the_commit() {
        let shop = Shop::new();
        let first = shop.commit(1, "one");
        shop.git(5, &["tag", "v1.0"]);
        shop.git(6, &["tag", "-m", "annotated", "checkout-v1.1"]);
        shop.git(7, &["tag", "-m", "nested", "v1.2", "checkout-v1.1"]);
        shop.git(8, &["tag", "v1.3-rc1"]);
        let (note, batches) = read(of(&shop.path)).await.expect("read");
        assert_eq!(told(&batches), ["shop:v1.0 - 1", "shop:checkout-v1.1 checkout 6", "shop:v1.2 - 7"]);
        assert!(deployments(&batches).iter().all(|row| row.sha.as_ref() == Some(&first)));
        assert_eq!((rows(&batches), note.as_str()), (1 + 3, ""));
    }

    #[tokio::test]
    async fn services_that_share_a_repository_are_told_by_their_tags_and_files() {
        let shop = Shop::new();
        for (day, file) in [(1, "pay/a"), (2, "web/b"), (3, "README")] {
            let file_path = shop.path.join(file);
            std::fs::create_dir_all(file_path.parent().expect("a folder")).expect("a folder");
            std::fs::write(file_path, "x").expect("written");
            shop.git(day, &["add", "."]);
            shop.commit(day, file);
        }
        shop.git(4, &["tag", "live-pay-7"]);
        shop.git(5, &["tag", "-m", "annotated", "v1.0"]);
        let org = |paths: &str| {
            let text = format!(
                "[[services]]\nid='pay'\nrepository='acme/shop'\ntags='live-pay-*'{paths}\n[[services]]\nid='web'\nrepository='acme/shop'"
            );
            OrgFile::parse(&text).expect("a file").declared
        };
        let (with, without) = (org("\npaths=['pay/**']"), org(""));
        let (_, batches) = read(GitImport { org: &with, ..of(&shop.path) }).await.expect("read");
        assert_eq!(told(&batches), ["shop:live-pay-7 pay 3", "shop:v1.0 - 5"]);
        let files = |batches: &[Parsed]| commits(batches).into_iter().map(|commit| commit.paths.map(|it| it.join(" "))).collect::<Vec<_>>();
        assert_eq!(files(&batches), ["README", "web/b", "pay/a"].map(|file| Some(file.to_string())));
        let (_, batches) = read(GitImport { org: &without, ..of(&shop.path) }).await.expect("read");
        assert_eq!(files(&batches), [None, None, None], "files cost time: only where they decide");
    }

    #[tokio::test]
    async fn a_tag_on_a_tree_is_rejected_and_the_rest_kept() {
        let shop = Shop::new();
        shop.commit(1, "one");
        shop.git(2, &["tag", "v1.0"]);
        shop.git(2, &["tag", "v1.1", "HEAD^{tree}"]);
        shop.git(2, &["tag", "-m", "annotated", "v1.2", "HEAD^{tree}"]);
        shop.git(2, &["tag", "weekly", "HEAD^{tree}"]);
        let (note, batches) = read(of(&shop.path)).await.expect("read");
        assert_eq!(told(&batches), ["shop:v1.0 - 1"]);
        let reasons: Vec<&str> = batches.iter().flat_map(|batch| &batch.rejected).map(|row| row.reason.as_str()).collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.iter().all(|reason| reason.contains("points to a tree, not to a commit")), "{reasons:?}");
        assert_eq!((rows(&batches), note.as_str()), (1 + 3, ""));
    }

    #[tokio::test]
    async fn a_tag_on_a_tag_is_followed_by_hand_where_git_does_not() {
        let shop = Shop::new();
        let sha = shop.commit(1, "one");
        shop.git(2, &["tag", "-m", "inner", "inner"]);
        shop.git(2, &["tag", "-m", "tree", "tree", "HEAD^{tree}"]);
        let clone = Repository::open(&shop.path).await.expect("a clone");
        let committed_at = Some(crate::domain::time::At::from_secs(1_700_086_400));
        let inner = shop.git(2, &["rev-parse", "inner"]);
        assert_eq!(clone.behind(&inner).await.expect("asked"), Target::Commit { sha, committed_at });
        let tree = shop.git(2, &["rev-parse", "tree"]);
        assert_eq!(clone.behind(&tree).await.expect("asked"), Target::Tag(tree));
    }

    #[tokio::test]
    async fn the_command_line_stands_above_the_tag() {
        let shop = Shop::new();
        shop.commit(1, "one");
        shop.git(2, &["tag", "checkout-v1.0"]);
        shop.git(2, &["tag", "weekly-7"]);
        let import = GitImport { tags: Some("week*".into()), ..of(&shop.path) };
        let (_, batches) = read(import).await.expect("read");
        assert_eq!(told(&batches), ["shop:weekly-7 - 1"]);
        let (note, batches) = read(GitImport { deployments: false, ..of(&shop.path) }).await.expect("read");
        assert_eq!((told(&batches).len(), commits(&batches).len(), note.as_str()), (0, 1, ""));
    }

    #[tokio::test]
    async fn history_off_the_main_line_comes_with_its_merges() {
        let shop = Shop::new();
        let base = shop.commit(1, "one");
        shop.git(1, &["checkout", "-q", "-b", "fix"]);
        let fix = shop.commit(2, "fix\n\nThis reverts commit 0123456.\n");
        shop.git(3, &["checkout", "-q", "main"]);
        let main = shop.commit(3, "two");
        shop.git(4, &["merge", "-q", "--no-ff", "-m", "merge", "fix"]);
        shop.git(5, &["checkout", "-q", "--detach"]);
        let loose = shop.commit(5, "only a tag holds this");
        shop.git(5, &["tag", "v1.0.1"]);
        shop.git(6, &["checkout", "-q", "main"]);
        shop.git(6, &["notes", "add", "-m", "a note"]);
        let (_, batches) = read(of(&shop.path)).await.expect("read");
        let commits = commits(&batches);
        assert_eq!(commits.len(), 5, "the note's own commit is not history");
        let find = |message: &str| commits.iter().find(|commit| commit.message.as_deref() == Some(message)).expect("there");
        assert_eq!(find("merge").parents, Some(vec![main, fix]));
        assert_eq!(find("one").parents, Some(vec![]));
        assert_eq!(find("two").parents, Some(vec![base]));
        assert!(commits.iter().all(|commit| commit.exact_parents && !commit.shallow));
        assert_eq!(deployments(&batches)[0].sha, Some(loose));
        assert_eq!(find("fix\n\nThis reverts commit 0123456.").author.as_deref(), Some("ada@x.org"));
    }

    #[tokio::test]
    async fn batches_are_bounded_and_rows_numbered_through() {
        let shop = Shop::new();
        let stream: String = (1..=2_500)
            .map(|n| format!("commit refs/heads/main\ncommitter A <a@x> {} +0000\ndata 1\nx\n", 1_600_000_000 + n))
            .collect::<Vec<_>>()
            .concat()
            + "reset refs/tags/v1.0\nfrom refs/heads/main\n\n";
        std::fs::write(shop.beside("stream"), stream).expect("written");
        let stdin = std::fs::File::open(shop.beside("stream")).expect("there");
        let done = Git::new("git").args(["fast-import", "--quiet"]).current_dir(&shop.path).stdin(stdin).status();
        assert!(done.expect("git").success());
        let (note, batches) = read(of(&shop.path)).await.expect("read");
        assert_eq!(batches.iter().map(|batch| batch.events.len()).collect::<Vec<_>>(), [1_000, 1_000, 500, 1]);
        let lines: Vec<u64> = batches.iter().flat_map(|batch| &batch.events).map(|stated| stated.line).collect();
        assert_eq!(lines, (1..=2_501).collect::<Vec<_>>());
        assert_eq!(note, "");
    }

    #[tokio::test]
    async fn a_huge_message_comes_whole() {
        let shop = Shop::new();
        let message = "word ".repeat(2_000_000);
        std::fs::write(shop.beside("message"), &message).expect("written");
        shop.commit(1, "one");
        shop.git(2, &["commit", "-q", "--allow-empty", "-F", "../message"]);
        shop.commit(3, "three");
        let (_, batches) = read(of(&shop.path)).await.expect("read");
        assert_eq!(commits(&batches)[1].message.as_ref().map(String::len), Some(message.trim_end().len()));
        assert_eq!(batches.len(), 2, "a batch goes early when its messages are long");
    }

    #[tokio::test]
    async fn a_nul_in_a_message_does_not_shift_the_fields() {
        let shop = Shop::new();
        shop.commit(1, "one");
        let head = "author A <a@x> 1 +0000\ncommitter A <a@x> 2 +0000\n\nbefore\0after\n";
        let tree = shop.git(1, &["rev-parse", "HEAD^{tree}"]);
        std::fs::write(shop.beside("raw"), format!("tree {tree}\n{head}")).expect("written");
        let sha = shop.git(1, &["hash-object", "--literally", "-t", "commit", "-w", "../raw"]);
        shop.git(1, &["tag", "v1.0", &sha]);
        let (_, batches) = read(of(&shop.path)).await.expect("read");
        let read: Vec<Option<String>> = commits(&batches).into_iter().map(|commit| commit.message).collect();
        assert_eq!(read, [Some("one".to_string()), Some("before".to_string())]);
    }

    #[tokio::test]
    async fn a_bare_clone_and_a_worktree_are_called_after_their_folder() {
        let shop = Shop::new();
        shop.commit(1, "one");
        shop.git(1, &["tag", "v1.0"]);
        shop.git(1, &["clone", "-q", "--bare", ".", "../store.git"]);
        shop.git(1, &["worktree", "add", "-q", "../desk", "HEAD"]);
        for (folder, expect) in [("store.git", "store:v1.0 - 1"), ("desk", "desk:v1.0 - 1"), ("shop/.git", "shop:v1.0 - 1")] {
            let (_, batches) = read(of(shop.beside("x").with_file_name(folder))).await.expect(folder);
            assert_eq!(told(&batches), [expect], "{folder}");
        }
    }

    #[tokio::test]
    async fn the_edge_of_a_shallow_clone_is_marked_and_said() {
        let shop = Shop::new();
        for day in 1..5 {
            shop.commit(day, "work");
        }
        let url = format!("file://{}", shop.path.display());
        shop.git(5, &["clone", "-q", "--depth", "2", &url, "../part"]);
        let (note, batches) = read(of(shop.beside("part"))).await.expect("read");
        assert_eq!(commits(&batches).iter().map(|commit| commit.shallow).collect::<Vec<_>>(), [false, true]);
        assert!(note.starts_with("part is a shallow clone"), "{note}");
    }

    #[tokio::test]
    async fn nothing_to_import_is_said_with_what_to_do() {
        let shop = Shop::new();
        let (note, batches) = read(of(&shop.path)).await.expect("empty is readable");
        assert!(batches.is_empty());
        assert!(note.starts_with("shop has no commits yet"), "{note}");

        shop.commit(1, "one");
        let (note, _) = read(of(&shop.path)).await.expect("read");
        assert!(note.starts_with("shop has no tags, so no deployment is known"), "{note}");

        shop.git(1, &["tag", "weekly"]);
        let (note, _) = read(of(&shop.path)).await.expect("read");
        assert!(note.starts_with("none of the 1 tags of shop is a version"), "{note}");

        let import = GitImport { tags: Some("prod-*".into()), ..of(&shop.path) };
        let (note, _) = read(import).await.expect("read");
        assert!(note.starts_with("none of the 1 tags of shop matches `prod-*`"), "{note}");
    }

    #[tokio::test]
    async fn what_is_not_a_clone_is_refused() {
        let shop = Shop::new();
        shop.commit(1, "one");
        let outside = shop.beside("plain");
        std::fs::create_dir_all(&outside).expect("a folder");
        assert!(refusal(&outside).await.ends_with("plain is not a git repository: give the path of a clone"));
        assert!(refusal(&shop.beside("nowhere")).await.contains("nowhere can't be read"));
        std::fs::write(shop.beside("file"), "x").expect("written");
        assert!(refusal(&shop.beside("file")).await.contains("is not a git repository but a file"));
    }

    #[tokio::test]
    async fn a_damaged_clone_is_an_error_not_a_short_history() {
        let shop = Shop::new();
        let first = shop.commit(1, "one");
        shop.commit(2, "two");
        std::fs::remove_file(shop.path.join(".git/objects").join(&first[..2]).join(&first[2..])).expect("there");
        assert!(refusal(&shop.path).await.contains("git fsck"));
    }

    #[tokio::test]
    async fn configuration_of_the_clone_starts_nothing() {
        let shop = Shop::new();
        shop.commit(1, "one");
        let (trap, sprung) = (shop.beside("trap"), shop.beside("sprung"));
        std::fs::write(&trap, format!("#!/bin/sh\ntouch {}\n", sprung.display())).expect("written");
        std::fs::set_permissions(&trap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
        let tree = shop.git(1, &["rev-parse", "HEAD^{tree}"]);
        let signed = "author A <a@x> 1 +0000\ncommitter A <a@x> 2 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nsigned\n";
        std::fs::write(shop.beside("raw"), format!("tree {tree}\n{signed}")).expect("written");
        let sha = shop.git(1, &["hash-object", "-t", "commit", "-w", "../raw"]);
        shop.git(1, &["tag", "signed", &sha]);
        shop.commit(2, "größer");
        for key in ["core.pager", "core.fsmonitor", "gpg.program"] {
            shop.git(1, &["config", key, &trap.to_string_lossy()]);
        }
        shop.git(1, &["config", "log.showSignature", "true"]);
        shop.git(1, &["config", "i18n.logOutputEncoding", "latin1"]);
        let (_, batches) = read(of(&shop.path)).await.expect("read");
        assert!(!sprung.exists(), "the clone's own program ran");
        assert_eq!(commits(&batches)[0].message.as_deref(), Some("größer"));
    }

    #[tokio::test]
    async fn a_batch_that_is_not_taken_ends_the_import() {
        let shop = Shop::new();
        shop.commit(1, "one");
        let error = of(&shop.path).run(async |_| bail!("the store stopped")).await.expect_err("stopped");
        assert_eq!(error.to_string(), "the store stopped");
    }

    #[tokio::test]
    async fn many_complaints_do_not_hold_git_up() {
        let shop = Shop::new();
        for day in 1..30 {
            shop.commit(day, &"long ".repeat(20_000));
        }
        let lost = (0..2_000).map(|n| format!("/nowhere/a-name-that-git-complains-of-{n}\n")).collect::<Vec<_>>().concat();
        std::fs::write(shop.path.join(".git/objects/info/alternates"), lost).expect("written");
        let (_, batches) = read(of(&shop.path)).await.expect("read");
        assert_eq!(commits(&batches).len(), 29);
    }

    #[tokio::test]
    async fn a_folder_in_a_clone_stands_for_the_clone() {
        let shop = Shop::new();
        shop.commit(1, "one");
        shop.git(1, &["tag", "v1.0"]);
        std::fs::create_dir(shop.path.join("src")).expect("a folder");
        let (_, batches) = read(of(shop.path.join("src"))).await.expect("read");
        assert_eq!(told(&batches), ["shop:v1.0 - 1"]);
    }

    #[test]
    fn a_missing_git_is_said_so() {
        let check = |kind: std::io::ErrorKind, expect: &str| assert!(not_started(&kind.into()).to_string().contains(expect));
        check(std::io::ErrorKind::NotFound, "install git");
        check(std::io::ErrorKind::PermissionDenied, "could not be started");
    }
}
