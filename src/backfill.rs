//! Reading from outside: runs the `git` program over a repository on this machine and streams what it prints.
//!
//! Why the program and not a library: its ancestry and date semantics are the definition, and it is as fast.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::domain::event::{Event, Parsed, Stated};
use crate::sources::git;

/// Commits a batch: memory does not grow with the history.
const BATCH: usize = 2_000;

/// A repository to read.
#[derive(Debug, Clone)]
pub struct GitImport {
    /// A clone, bare or not, a worktree, or a folder in one.
    pub path: PathBuf,
    /// The service that its tags deploy, instead of their prefix.
    pub service: Option<String>,
    /// The environment that its tags deploy to, instead of production.
    pub environment: Option<String>,
    /// The tags that are deployments, instead of versions.
    pub tags: Option<String>,
    /// False for history and messages only.
    pub deployments: bool,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitRead {
    /// Something that the person should know: no commits, no tag matches.
    pub note: Option<String>,
}

impl GitImport {
    /// Reads commits, then tags, and hands them over in batches.
    pub async fn run(&self, mut take: impl AsyncFnMut(Parsed) -> Result<()>) -> Result<GitRead> {
        let repository = self.check().await?;
        let tags = git::Tags::new(self.tags.as_deref(), self.service.as_deref(), &repository, self.environment.as_deref())
            .map_err(anyhow::Error::msg)?;
        let edges = self.shallow_edges().await?;
        let shallow = (!edges.is_empty()).then(|| {
            let path = self.path.display();
            format!("{path} is a shallow clone, so what its oldest deployments contain is not known: run `git fetch --unshallow` there and import it again")
        });
        let commits = self.commits(&repository, &edges, &mut take).await?;
        if commits == 0 {
            return Ok(GitRead { note: Some(format!("{} has no commits yet, so there is nothing to read", self.path.display())) });
        }
        let read = if self.deployments { self.tags(&tags, &mut take).await? } else { GitRead::default() };
        let notes: Vec<String> = [shallow, read.note].into_iter().flatten().collect();
        Ok(GitRead { note: (!notes.is_empty()).then(|| notes.join("\npacer: ")) })
    }

    /// Whether git can read the repository; its name.
    async fn check(&self) -> Result<String> {
        let path = self.path.display();
        let output = self.git().args(["rev-parse", "--absolute-git-dir", "--is-bare-repository"]).stderr(Stdio::piped()).output().await;
        let output = output.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if self.path.exists() => anyhow::anyhow!("the git program is not installed: install git"),
            _ => anyhow::anyhow!("{path} can't be read: {error}"),
        })?;
        if !output.status.success() {
            bail!("{path} is not a git repository: give the path of a clone (git says: {})", first_line(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let (dir, bare) = (lines.next().unwrap_or(""), lines.next() == Some("true"));
        let top = if bare { dir.to_string() } else { self.top().await.unwrap_or_else(|| dir.trim_end_matches("/.git").to_string()) };
        Ok(git::repository_name(&top))
    }

    /// The folder of the work tree, by its own name rather than through links.
    async fn top(&self) -> Option<String> {
        let output = self.git().args(["rev-parse", "--show-toplevel"]).output().await.ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
        (output.status.success() && !text.is_empty()).then_some(text)
    }

    async fn commits(&self, repository: &str, edges: &HashSet<String>, take: &mut impl AsyncFnMut(Parsed) -> Result<()>) -> Result<u64> {
        let mut child = self
            .git()
            .args(["log", "--all", "--date-order", "-z", git::LOG_FORMAT])
            .stderr(Stdio::piped())
            .spawn()
            .context("running git log")?;
        let mut records = BufReader::with_capacity(1 << 16, child.stdout.take().context("reading git's output")?);
        let (mut record, mut batch, mut total) = (Vec::new(), Parsed::default(), 0_u64);
        loop {
            record.clear();
            if records.read_until(0, &mut record).await.context("reading git log")? == 0 {
                break;
            }
            if record.last() == Some(&0) {
                record.pop();
            }
            let Some(commit) = git::commit(&record, repository, |sha| edges.contains(sha)) else { continue };
            total += 1;
            batch.read += 1;
            batch.events.push(Stated { event: Event::Commit(commit), updated_at: None, line: total });
            if batch.events.len() == BATCH {
                take(std::mem::take(&mut batch)).await?;
            }
        }
        let output = child.wait_with_output().await.context("waiting for git log")?;
        ensure!(output.status.success(), "git log failed in {}: {}", self.path.display(), first_line(&output.stderr));
        if !batch.events.is_empty() {
            take(batch).await?;
        }
        Ok(total)
    }

    /// The commits at the edge of a shallow clone.
    async fn shallow_edges(&self) -> Result<HashSet<String>> {
        let output = self.git().args(["rev-parse", "--git-path", "shallow"]).output().await.context("asking git for its shallow edges")?;
        let file = String::from_utf8_lossy(&output.stdout).trim().to_string();
        let file = if Path::new(&file).is_absolute() { PathBuf::from(file) } else { self.path.join(file) };
        let text = tokio::fs::read_to_string(file).await.unwrap_or_default(); // no file: the clone is whole
        Ok(text.lines().map(str::to_string).collect())
    }

    async fn tags(&self, tags: &git::Tags, take: &mut impl AsyncFnMut(Parsed) -> Result<()>) -> Result<GitRead> {
        let output = self
            .git()
            .args(["for-each-ref", "refs/tags", git::TAG_FORMAT])
            .stderr(Stdio::piped())
            .output()
            .await
            .context("running git for-each-ref")?;
        ensure!(output.status.success(), "git for-each-ref failed in {}: {}", self.path.display(), first_line(&output.stderr));
        let (mut parsed, mut all) = (Parsed::default(), 0_u64);
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Some(mut tag) = git::tag(line) else { continue };
            all += 1;
            if tag.nested && tag.commit.is_none() {
                tag.commit = self.peel(&tag.name).await;
            }
            match tags.deployment(&tag, all) {
                None => continue,
                Some(Ok(stated)) => parsed.events.push(stated),
                Some(Err(rejected)) => parsed.rejected.push(rejected),
            }
            parsed.read += 1;
        }
        let note = (parsed.read == 0).then(|| match (all, &self.tags) {
            (0, _) => {
                format!("{} has no tags, so no deployment is known: tags are deployments, or send them as events", self.path.display())
            }
            (_, Some(glob)) => format!("none of the {all} tags of {} matches `{glob}`, so no deployment is known", self.path.display()),
            (_, None) => format!(
                "none of the {all} tags of {} is a version such as v1.2.3: name those that are deployments with --tag 'GLOB'",
                self.path.display()
            ),
        });
        if parsed.read > 0 {
            take(parsed).await?;
        }
        Ok(GitRead { note })
    }

    /// The commit at the end of a chain of tags.
    async fn peel(&self, tag: &str) -> Option<String> {
        let output =
            self.git().args(["rev-parse", "--verify", "--quiet"]).arg(format!("refs/tags/{tag}^{{commit}}")).output().await.ok()?;
        let sha = String::from_utf8_lossy(&output.stdout).trim().to_string();
        (output.status.success() && !sha.is_empty()).then_some(sha)
    }

    /// The program, in the repository, without anything of the person's configuration that changes its output.
    fn git(&self) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-c")
            .arg("safe.directory=*")
            .arg("-c")
            .arg("log.showSignature=false")
            .arg("--no-replace-objects")
            .arg("-C")
            .arg(&self.path);
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_PAGER", "")
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env_remove("GIT_DIR");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        command
    }
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or("").trim().to_string()
}
