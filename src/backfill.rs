//! Backfill: what a source holds already, read from its beginning. For git: a clone, by the `git` program.
//!
//! The output is read in pieces and handed on in batches, commits first, then tags: memory does not grow with the
//! history, and what takes the batches works while git does.
//!
//! Why the program is fenced in: a clone may belong to another user and its configuration may name programs. So
//! ownership is not asked for, but nothing that configuration could start is used: no pager, no hooks, no
//! signature check, no fetch. Replacements and grafts are off: a sha then means the same in every clone.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::Sender;

use crate::domain::event::{Event, Parsed, Stated};
use crate::sources::git::{LOG, LogReader, TAGS, Tag, TagRule, Target, parse_tags, repository_name};

/// Commits or tags in a batch.
const BATCH_ROWS: usize = 1_000;
/// Bytes of messages after which a batch goes before it is full.
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
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_TRACE",
];

/// An import of one clone.
#[derive(Debug, Clone)]
pub struct GitImport {
    /// A clone, bare or not, or a worktree of one.
    pub path: PathBuf,
    /// `--service`: stands above the tag's prefix.
    pub service: Option<String>,
    /// `--env`; none is production.
    pub environment: Option<String>,
    /// `--tag`: which tags are deployments, as a shell's pattern.
    pub tag_glob: Option<String>,
    /// False for `--no-deployments`: ancestry and messages only.
    pub deployments: bool,
}

/// What an import found. The batches carry the rows themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitFound {
    /// What the repository is called.
    pub repository: String,
    /// Commits handed on.
    pub commits: u64,
    /// Tags there are.
    pub tags: u64,
    /// Tags that count as releases; those that point to no commit are among them.
    pub releases: u64,
    /// What the person should know: sentences, each with what to do.
    pub remarks: Vec<String>,
}

impl GitImport {
    /// The whole clone, with the rules as they stand.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), service: None, environment: None, tag_glob: None, deployments: true }
    }

    /// Reads the clone and sends its batches: about 1,000 rows each, commits first, then tags. Rows are numbered through.
    pub async fn run(&self, to: Sender<Parsed>) -> Result<GitFound> {
        let clone = Repository::open(&self.path).await?;
        let name = clone.name.as_str();
        let rule = TagRule::new(name, self.service.as_deref(), self.environment.as_deref(), self.tag_glob.as_deref())?;
        let mut found = GitFound { repository: name.to_string(), commits: clone.send_commits(&to).await?, ..GitFound::default() };
        if self.deployments {
            let tags = clone.tags().await?;
            found.tags = tags.len() as u64;
            found.releases = send_releases(&rule, tags, found.commits + 1, &to).await?;
        }
        found.remarks = self.remarks(&clone, &found);
        Ok(found)
    }

    fn remarks(&self, clone: &Repository, found: &GitFound) -> Vec<String> {
        let name = &found.repository;
        if found.commits == 0 {
            return vec![format!(
                "{name} is empty: it has no commits yet. If it should have some, run `git fetch` in it and import it again."
            )];
        }
        let mut remarks = Vec::new();
        if !clone.shallow.is_empty() {
            remarks.push(format!(
                "{name} is a shallow clone: what was released before its edge is not known. Run `git fetch --unshallow --tags` in it and import it again."
            ));
        }
        if self.deployments && found.releases == 0 {
            remarks.push(self.no_releases(found));
        }
        remarks
    }

    fn no_releases(&self, found: &GitFound) -> String {
        let GitFound { repository: name, tags, .. } = found;
        match (tags, &self.tag_glob) {
            (0, _) => format!(
                "{name} has no tags, so no deployments: its history was read. Run `git fetch --tags` in it if it is tagged elsewhere, or send deployments from your pipeline."
            ),
            (_, Some(glob)) => {
                format!(
                    "--tag '{glob}' matches none of the {tags} tags of {name}, so no deployments: see `git tag --list` for their names."
                )
            }
            (_, None) => format!(
                "None of the {tags} tags of {name} looks like a release (v1.2.3, checkout-v1.2.3), so no deployments: choose the tags that are with --tag, a shell pattern as in --tag 'release-*'."
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
        let folder = tokio::fs::canonicalize(path).await.map_err(|_| anyhow!("there is no {shown}: give the path of a clone"))?;
        if !folder.is_dir() {
            bail!("{shown} is not a git repository but a file: give the path of a clone");
        }
        let name = repository_name(path).or_else(|| repository_name(&folder)).unwrap_or_else(|| "repository".to_string());
        let mut clone = Self { folder, name, shallow: String::new() };
        let (status, file, words) = clone.ask(&["rev-parse", "--git-path", "shallow"]).await?;
        if words.contains("not a git repository") {
            bail!("{shown} is not a git repository: give the path of a clone, the folder that holds .git");
        }
        read_or(status, &words, &clone.folder)?;
        let file = clone.folder.join(String::from_utf8_lossy(&file).trim_end());
        clone.shallow = match tokio::fs::read_to_string(&file).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.with_context(|| format!("reading {}", file.display()))?,
        };
        Ok(clone)
    }

    /// Sends all commits, and says how many.
    async fn send_commits(&self, to: &Sender<Parsed>) -> Result<u64> {
        let mut child = self.git(LOG)?;
        let output = child.stdout.take().context("git log has no output")?;
        let complaints = child.stderr.take();
        let (sent, words) = tokio::try_join!(self.stream(output, to), words(complaints))?;
        read_or(child.wait().await?, &words, &self.folder)?;
        Ok(sent)
    }

    async fn stream(&self, mut output: impl AsyncRead + Unpin, to: &Sender<Parsed>) -> Result<u64> {
        let mut reader = LogReader::new(&self.name, &self.shallow);
        let (mut piece, mut batch, mut bytes, mut line) = (vec![0; PIECE_BYTES], Vec::new(), 0, 0);
        loop {
            let size = output.read(&mut piece).await.context("reading the output of git log")?;
            if size == 0 {
                break;
            }
            for commit in reader.feed(&piece[..size])? {
                line += 1;
                bytes += commit.message.as_ref().map_or(0, String::len);
                batch.push(Stated { event: Event::Commit(commit), updated_at: None, line });
                if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
                    bytes = 0;
                    send(to, batch_of(std::mem::take(&mut batch))).await?;
                }
            }
        }
        reader.finish()?;
        if !batch.is_empty() {
            send(to, batch_of(batch)).await?;
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

    /// Starts git in the clone. It looks nowhere but there: a folder within a repository is not a clone.
    fn git(&self, arguments: &[&str]) -> Result<Child> {
        let mut command = Command::new("git");
        command.args(FENCE).args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        for name in FOREIGN {
            command.env_remove(name);
        }
        if let Some(parent) = self.folder.parent() {
            command.env("GIT_CEILING_DIRECTORIES", parent);
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

async fn send_releases(rule: &TagRule, mut tags: Vec<Tag>, line: u64, to: &Sender<Parsed>) -> Result<u64> {
    tags.retain(|tag| rule.service(&tag.name).is_some());
    let releases = tags.len() as u64;
    let (events, rejected) = rule.deployments(tags, line);
    if !rejected.is_empty() {
        send(to, Parsed { read: rejected.len() as u64, rejected, ..Parsed::default() }).await?;
    }
    for rows in events.chunks(BATCH_ROWS) {
        send(to, batch_of(rows.to_vec())).await?;
    }
    Ok(releases)
}

fn batch_of(events: Vec<Stated>) -> Parsed {
    Parsed { read: events.len() as u64, events, ..Parsed::default() }
}

async fn send(to: &Sender<Parsed>, batch: Parsed) -> Result<()> {
    to.send(batch).await.map_err(|_| anyhow!("the import was stopped"))
}

#[cfg(test)]
mod tests {
    use std::process::Command as Git;

    use tokio::sync::mpsc;

    use super::*;
    use crate::domain::event::{Commit, Deployment};

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

    async fn read(import: GitImport) -> Result<(GitFound, Vec<Parsed>)> {
        let (to, mut from) = mpsc::channel(4);
        let (found, batches) = tokio::join!(import.run(to), async {
            let mut batches = Vec::new();
            while let Some(batch) = from.recv().await {
                batches.push(batch);
            }
            batches
        });
        Ok((found?, batches))
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
        read(GitImport::new(path)).await.expect_err("a refusal").to_string()
    }

    #[tokio::test]
    async fn tags_are_dated_by_the_tagger_or_the_commit() {
        let shop = Shop::new();
        let first = shop.commit(1, "one");
        shop.git(5, &["tag", "v1.0"]);
        shop.git(6, &["tag", "-m", "annotated", "checkout-v1.1"]);
        shop.git(7, &["tag", "-m", "nested", "v1.2", "checkout-v1.1"]);
        shop.git(8, &["tag", "v1.3-rc1"]);
        let (found, batches) = read(GitImport::new(&shop.path)).await.expect("read");
        assert_eq!(told(&batches), ["shop/v1.0 shop 1", "shop/checkout-v1.1 checkout 6", "shop/v1.2 shop 7"]);
        assert!(deployments(&batches).iter().all(|row| row.sha.as_ref() == Some(&first)));
        assert_eq!((found.commits, found.tags, found.releases, found.remarks.len()), (1, 4, 3, 0));
        assert_eq!(batches.iter().map(|batch| batch.read).sum::<u64>(), 4);
    }

    #[tokio::test]
    async fn a_tag_on_a_tree_is_rejected_and_the_rest_kept() {
        let shop = Shop::new();
        shop.commit(1, "one");
        shop.git(2, &["tag", "v1.0"]);
        shop.git(2, &["tag", "v1.1", "HEAD^{tree}"]);
        shop.git(2, &["tag", "-m", "annotated", "v1.2", "HEAD^{tree}"]);
        shop.git(2, &["tag", "weekly", "HEAD^{tree}"]);
        let (found, batches) = read(GitImport::new(&shop.path)).await.expect("read");
        assert_eq!(told(&batches), ["shop/v1.0 shop 1"]);
        let reasons: Vec<&str> = batches.iter().flat_map(|batch| &batch.rejected).map(|row| row.reason.as_str()).collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.iter().all(|reason| reason.contains("points to a tree, not to a commit")), "{reasons:?}");
        assert_eq!((found.tags, found.releases), (4, 3));
        assert_eq!(batches.iter().map(|batch| batch.read).sum::<u64>(), 1 + 3);
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
        let import = GitImport {
            service: Some("pay".into()),
            environment: Some("staging".into()),
            tag_glob: Some("week*".into()),
            ..GitImport::new(&shop.path)
        };
        let (_, batches) = read(import).await.expect("read");
        assert_eq!(told(&batches), ["shop/weekly-7 pay 1"]);
        assert_eq!(deployments(&batches)[0].environment.as_deref(), Some("staging"));
        let (found, batches) = read(GitImport { deployments: false, ..GitImport::new(&shop.path) }).await.expect("read");
        assert_eq!((told(&batches).len(), commits(&batches).len(), found.remarks.len()), (0, 1, 0));
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
        let (_, batches) = read(GitImport::new(&shop.path)).await.expect("read");
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
            .collect::<String>()
            + "reset refs/tags/v1.0\nfrom refs/heads/main\n\n";
        std::fs::write(shop.beside("stream"), stream).expect("written");
        let stdin = std::fs::File::open(shop.beside("stream")).expect("there");
        let done = Git::new("git").args(["fast-import", "--quiet"]).current_dir(&shop.path).stdin(stdin).status();
        assert!(done.expect("git").success());
        let (found, batches) = read(GitImport::new(&shop.path)).await.expect("read");
        assert_eq!(batches.iter().map(|batch| batch.events.len()).collect::<Vec<_>>(), [1_000, 1_000, 500, 1]);
        let lines: Vec<u64> = batches.iter().flat_map(|batch| &batch.events).map(|stated| stated.line).collect();
        assert_eq!(lines, (1..=2_501).collect::<Vec<_>>());
        assert_eq!(found.commits, 2_500);
    }

    #[tokio::test]
    async fn a_huge_message_comes_whole() {
        let shop = Shop::new();
        let message = "word ".repeat(2_000_000);
        std::fs::write(shop.beside("message"), &message).expect("written");
        shop.commit(1, "one");
        shop.git(2, &["commit", "-q", "--allow-empty", "-F", "../message"]);
        shop.commit(3, "three");
        let (_, batches) = read(GitImport::new(&shop.path)).await.expect("read");
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
        let (_, batches) = read(GitImport::new(&shop.path)).await.expect("read");
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
        for (folder, expect) in [("store.git", "store/v1.0 store 1"), ("desk", "desk/v1.0 desk 1"), ("shop/.git", "shop/v1.0 shop 1")] {
            let (_, batches) = read(GitImport::new(shop.beside("x").with_file_name(folder))).await.expect(folder);
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
        let (found, batches) = read(GitImport::new(shop.beside("part"))).await.expect("read");
        assert_eq!(commits(&batches).iter().map(|commit| commit.shallow).collect::<Vec<_>>(), [false, true]);
        assert!(found.remarks[0].starts_with("part is a shallow clone"), "{:?}", found.remarks);
    }

    #[tokio::test]
    async fn nothing_to_import_is_said_with_what_to_do() {
        let shop = Shop::new();
        let (found, batches) = read(GitImport::new(&shop.path)).await.expect("empty is readable");
        assert_eq!((found.commits, batches.len()), (0, 0));
        assert!(found.remarks[0].starts_with("shop is empty"), "{:?}", found.remarks);

        shop.commit(1, "one");
        let (found, _) = read(GitImport::new(&shop.path)).await.expect("read");
        assert!(found.remarks[0].starts_with("shop has no tags, so no deployments"), "{:?}", found.remarks);

        shop.git(1, &["tag", "weekly"]);
        let (found, _) = read(GitImport::new(&shop.path)).await.expect("read");
        assert!(found.remarks[0].starts_with("None of the 1 tags of shop looks like a release"), "{:?}", found.remarks);

        let import = GitImport { tag_glob: Some("prod-*".into()), ..GitImport::new(&shop.path) };
        let (found, _) = read(import).await.expect("read");
        assert!(found.remarks[0].starts_with("--tag 'prod-*' matches none of the 1 tags of shop"), "{:?}", found.remarks);
    }

    #[tokio::test]
    async fn what_is_not_a_clone_is_refused() {
        let shop = Shop::new();
        shop.commit(1, "one");
        let outside = shop.beside("plain");
        std::fs::create_dir_all(&outside).expect("a folder");
        assert!(refusal(&outside).await.ends_with("plain is not a git repository: give the path of a clone, the folder that holds .git"));
        let inside = shop.path.join("src");
        std::fs::create_dir_all(&inside).expect("a folder");
        assert!(refusal(&inside).await.contains("src is not a git repository"), "a folder of a clone is not the clone");
        assert!(refusal(&shop.beside("nowhere")).await.starts_with("there is no "));
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
        let (_, batches) = read(GitImport::new(&shop.path)).await.expect("read");
        assert!(!sprung.exists(), "the clone's own program ran");
        assert_eq!(commits(&batches)[0].message.as_deref(), Some("größer"));
    }

    #[tokio::test]
    async fn an_import_that_nobody_takes_stops() {
        let shop = Shop::new();
        shop.commit(1, "one");
        let (to, from) = mpsc::channel(1);
        drop(from);
        let error = GitImport::new(&shop.path).run(to).await.expect_err("stopped");
        assert_eq!(error.to_string(), "the import was stopped");
    }

    #[test]
    fn a_missing_git_is_said_so() {
        let check = |kind: std::io::ErrorKind, expect: &str| assert!(not_started(&kind.into()).to_string().contains(expect));
        check(std::io::ErrorKind::NotFound, "install git");
        check(std::io::ErrorKind::PermissionDenied, "could not be started");
    }
}
