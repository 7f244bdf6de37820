//! The real binary, each call with an environment of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::TOKEN;
use super::database::Database;

/// The environment of calls.
pub struct Pacer {
    pub database: Database,
}

/// What a call came to.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// The last line on stdout.
    pub fn last(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    /// It must have succeeded.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It must have failed with that status, one line on stderr that has these words.
    pub fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }

    /// stdout as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

impl Pacer {
    /// On a fresh database.
    pub fn new() -> Self {
        Self::on(Database::new())
    }

    /// On a given one.
    pub fn on(database: Database) -> Self {
        Self { database }
    }

    /// A call to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacer"));
        command.args(args).env_clear().env("PACER_DATABASE_URL", &self.database.url).current_dir(self.database.folder.path());
        for kept in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
    }

    /// Calls it to its end.
    pub fn run(&self, args: &[&str]) -> Outcome {
        outcome(self.command(args))
    }

    /// Calls it at another time than now.
    pub fn run_at(&self, now: &str, args: &[&str]) -> Outcome {
        let mut command = self.command(args);
        command.env("PACER_NOW", now);
        outcome(command)
    }

    /// Calls it with another setting.
    pub fn run_with(&self, name: &str, value: &str, args: &[&str]) -> Outcome {
        let mut command = self.command(args);
        command.env(name, value);
        outcome(command)
    }

    /// Starts `pacer serve` and waits until it listens.
    pub fn serve(&self) -> Served {
        self.serve_with(&[])
    }

    /// Starts it with further settings.
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Served {
        let mut command = self.command(&["serve"]);
        command.envs(settings.iter().copied());
        command.env("PACER_LISTEN", "127.0.0.1:0").env("PACER_EVENTS_TOKEN", TOKEN).env("PACER_GITHUB_SECRET", super::GITHUB_SECRET);
        command.env("NO_COLOR", "1").stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut logs = BufReader::new(child.stderr.take().expect("piped"));
        let mut read = String::new();
        let url = loop {
            let begins = read.len();
            let more = logs.read_line(&mut read).expect("logs");
            assert!(more > 0, "it ended before it listened: {read}");
            let line = &read[begins..];
            if let Some(at) = line.find("127.0.0.1:").filter(|_| line.contains("pacer serves")) {
                let address: String = line[at..].chars().take_while(|letter| letter.is_ascii_digit() || ".:".contains(*letter)).collect();
                break format!("http://{address}");
            }
        };
        // Somebody must read on, or a full pipe would stop it.
        std::thread::spawn(move || std::io::copy(&mut logs, &mut std::io::sink()));
        Served { child, url }
    }
}

fn outcome(mut command: Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// `pacer serve`, running. Dropped, it is killed.
pub struct Served {
    pub child: Child,
    pub url: String,
}

impl Served {
    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Asks it to stop; its exit status, and how long it took.
    pub fn terminate(mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let status = self.child.wait().expect("it ends");
        (status.code(), began.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A git repository made by commands, dates and all.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@sample.example", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2026-10-01T10:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-10-01T10:00:00Z")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
