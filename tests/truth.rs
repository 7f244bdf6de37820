//! Every figure that rests on a git history, against a second computation that shares no code with pacer.
//!
//! `tests/oracle/git_truth.py` asks the `git` program alone (`rev-list A --not B...`). Each history is rebuilt,
//! imported by the real binary, asked for, and compared release by release: presence, finish, commits counted and
//! left out, reason, median lead time to the second, rollback, failure, recovery, rework; then the totals of each
//! service and of the pool of all.
//!
//! Why also a history made by hand with its expected table: two computations may be wrong in the same way.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "test helpers: a panic is the failure, and a skip says so")]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Later than every date in the histories.
const NOW: &str = "2030-01-01T00:00:00Z";
/// Holds every date in them.
const WINDOW: &str = "2005-01-01..2029-12-30";

/// Whether the oracle can run; without it the tests are skipped, but never where CI promises it.
fn python() -> bool {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    absent("python3", there)
}

fn absent(what: &str, there: bool) -> bool {
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "{what} is missing, and CI=true promises it");
    if !there {
        eprintln!("skipped: {what} is missing");
    }
    there
}

/// A program's output; panics with what it said where it fails.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).unwrap()
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.args([
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@example.invalid",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "protocol.file.allow=always",
    ]);
    command
}

/// A history of the shared fixtures, rebuilt.
fn fixture(name: &str) -> Option<(TempDir, PathBuf)> {
    let shared =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/fixtures/git")).find(|folder| folder.is_dir());
    if !absent("the folder shared/fixtures/git", shared.is_some()) {
        return None;
    }
    let mut stream = Vec::new();
    let file = std::fs::File::open(shared?.join(format!("{name}.fi.gz"))).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut stream).unwrap();
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    output(git(dir.path()).args(["init", "-q", name]));
    let mut importing = git(&path).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    importing.stdin.take().unwrap().write_all(&stream).unwrap();
    assert!(importing.wait().unwrap().success());
    Some((dir, path))
}

/// The real binary on a database of its own.
struct Pacer {
    dir: TempDir,
}

impl Pacer {
    fn run(&self, arguments: &[&str]) -> String {
        let database = format!("sqlite://{}/pacer.db", self.dir.path().display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacer"));
        command.args(arguments).current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("PACER_DATABASE_URL", database).env("PACER_NOW", NOW);
        output(&mut command)
    }

    fn ask(&self, question: &str) -> Value {
        serde_json::from_str(&self.run(&["ask", question, "--format", "json"])).unwrap()
    }

    /// The answer for a scope over everything, and the rows behind it.
    fn everything(&self, scope: &str) -> (Value, Vec<Value>) {
        let answer = self.ask(&format!("dora {scope} {WINDOW}"));
        let why = self.ask(&format!("why {}", answer["receipt"].as_str().unwrap()));
        assert_eq!(why["equal"], true, "{scope}: the receipt must recount");
        (answer, why["rows"].as_array().unwrap().clone())
    }
}

fn median(numbers: &Value) -> Value {
    let mut sorted: Vec<f64> = numbers.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => Value::Null,
        n if n % 2 == 1 => json!(sorted[half]),
        _ => json!(f64::midpoint(sorted[half - 1], sorted[half])),
    }
}

/// A row of `why`, in the oracle's words.
fn release(row: &Value) -> Value {
    let finished = chrono::DateTime::parse_from_rfc3339(row["finished_at"].as_str().unwrap()).unwrap();
    assert_eq!(finished.timestamp_subsec_nanos(), 0);
    json!({
        "tag": row["deployment"].as_str().unwrap().split_once(':').unwrap().1,
        "finished_at": finished.timestamp(),
        "commit": row["commit"],
        "commits": row["lead_seconds"].as_array().unwrap().len(),
        "median": median(&row["lead_seconds"]),
        "excluded": row["excluded"],
        "reason": row["reason"],
        "rollback": row["rollback"],
        "failed": !row["failed"].as_array().unwrap().is_empty(),
        "rework": !row["rework"].as_array().unwrap().is_empty(),
        "recovery": row["recovery_seconds"],
    })
}

/// The five figures, in the oracle's words.
fn totals(answer: &Value) -> Value {
    let metric = |id: &str| answer["metrics"].as_array().unwrap().iter().find(|metric| metric["id"] == id).unwrap();
    let hits = |id: &str| {
        let found = metric(id);
        let n = found["n"].as_f64().unwrap();
        (found["value"].as_f64().unwrap() * n).round()
    };
    let unmatched = metric("deployment_rework_rate")["excluded"].get("revert_unmatched").cloned().unwrap_or(json!(0));
    json!({
        "deployments": metric("deployment_frequency")["n"],
        "commits": metric("change_lead_time")["n"],
        "median": metric("change_lead_time")["value"],
        "excluded": metric("change_lead_time")["excluded"],
        "fail_n": metric("change_fail_rate")["n"],
        "failed": hits("change_fail_rate"),
        "rework": hits("deployment_rework_rate"),
        "recovered": metric("failed_deployment_recovery_time")["n"],
        "recovery": metric("failed_deployment_recovery_time")["value"],
        "unmatched": unmatched,
    })
}

/// Equal, with 7 and 7.0 the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-6,
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

/// Imports a repository, and compares everything with the oracle; returns the releases as the oracle tells them.
fn agree(repository: &Path, options: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/git_truth.py");
    let truth: Value = serde_json::from_str(&output(Command::new("python3").arg(script).arg(repository).args(options))).unwrap();
    let pacer = Pacer { dir: TempDir::new().unwrap() };
    let mut import = vec!["import", "git", repository.to_str().unwrap()];
    import.extend_from_slice(options);
    pacer.run(&import);

    let mut differences = Vec::new();
    let mut differ = |place: String, oracle: &Value, pacer: &Value| {
        if !same(oracle, pacer) {
            differences.push(format!("{place}\n  oracle {oracle}\n  pacer  {pacer}"));
        }
    };
    let services = truth["services"].as_object().unwrap();
    let mut releases = 0;
    for (service, expected) in services {
        let (answer, rows) = pacer.everything(&format!("service:{service}"));
        differ(format!("{service}: totals"), &expected["totals"], &totals(&answer));
        let expected = expected["releases"].as_array().unwrap();
        releases += expected.len();
        differ(format!("{service}: releases"), &json!(expected.len()), &json!(rows.len()));
        for (expected, row) in expected.iter().zip(&rows) {
            differ(format!("{service} {}", expected["tag"]), expected, &release(row));
        }
    }
    let (answer, rows) = pacer.everything("team:all");
    differ("pool: totals".into(), &truth["pool"], &totals(&answer));
    differ("pool: releases".into(), &json!(releases), &json!(rows.len()));
    let counted: usize = rows.iter().map(|row| row["lead_seconds"].as_array().unwrap().len()).sum();
    differ("pool: commits in rows".into(), &truth["pool"]["commits"], &json!(counted));
    for code in ["merge", "bot", "negative_span"] {
        let left_out: u64 = rows.iter().filter_map(|row| row["excluded"][code].as_u64()).sum();
        let expected = truth["pool"]["excluded"].get(code).cloned().unwrap_or(json!(0));
        differ(format!("pool: {code} in rows"), &expected, &json!(left_out));
    }
    assert!(
        differences.is_empty(),
        "{} {options:?}: {} differences\n{}",
        repository.display(),
        differences.len(),
        differences[..differences.len().min(20)].join("\n")
    );
    truth
}

fn count(truth: &Value, key: &str) -> u64 {
    truth["pool"][key].as_u64().unwrap()
}

#[test]
fn atuin_agrees_with_git() {
    let Some((_dir, path)) = python().then(|| fixture("atuin")).flatten() else { return };
    let truth = agree(&path, &[]);
    assert!(count(&truth, "deployments") > 60 && count(&truth, "failed") > 0, "the history must exercise the rules: {}", truth["pool"]);
    agree(&path, &["--tag", "v*", "--service", "shell"]);
    let bare = path.with_file_name("history.git");
    output(git(path.parent().unwrap()).args(["clone", "-q", "--bare"]).args([&path, &bare]));
    assert_eq!(agree(&bare, &["--tag", "v1[0-9].*"])["services"].as_object().unwrap().keys().collect::<Vec<_>>(), ["history"]);
    for depth in ["60", "700"] {
        let shallow = path.with_file_name(format!("shallow-{depth}"));
        let from = format!("file://{}", path.display());
        let branch =
            output(git(&path).args(["for-each-ref", "--sort=-committerdate", "--count=1", "--format=%(refname:short)", "refs/heads"]));
        output(git(path.parent().unwrap()).args(["clone", "-q", "--depth", depth, "-b", branch.trim(), &from]).arg(&shallow));
        agree(&shallow, &[]);
    }
}

#[test]
fn devlake_agrees_with_git() {
    let Some((_dir, path)) = python().then(|| fixture("devlake")).flatten() else { return };
    let truth = agree(&path, &[]);
    assert!(truth["pool"]["excluded"]["merge"].as_u64() > Some(500), "the history must exercise the rules: {}", truth["pool"]);
    let all = agree(&path, &["--tag", "v*"]);
    assert!(count(&all, "deployments") > count(&truth, "deployments"));
}

#[test]
fn tokio_agrees_with_git() {
    let Some((_dir, path)) = python().then(|| fixture("tokio")).flatten() else { return };
    let truth = agree(&path, &[]);
    assert!(
        truth["services"].as_object().unwrap().len() > 20 && truth["pool"]["excluded"]["negative_span"].as_u64() > Some(0),
        "{}",
        truth["pool"]
    );
    agree(&path, &["--tag", "tokio-1.*", "--service", "runtime"]);
}

/// A repository made commit by commit; times are hours since the beginning of 2024.
struct Hand {
    dir: TempDir,
    path: PathBuf,
}

impl Hand {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("shop");
        output(git(dir.path()).args(["init", "-q", "shop"]));
        Self { dir, path }
    }

    fn at(&self, hours: u32, written: u32) -> Command {
        let date = |hours: u32| format!("@{} +0000", 1_704_067_200 + u64::from(hours) * 3_600);
        let mut command = git(&self.path);
        command.env("GIT_AUTHOR_DATE", date(written)).env("GIT_COMMITTER_DATE", date(hours));
        command
    }

    fn git(&self, arguments: &[&str]) -> String {
        output(git(&self.path).args(arguments)).trim().to_string()
    }

    /// Commits on the current branch, and returns the object name.
    fn commit(&self, hours: u32, message: &str) -> String {
        self.commit_as(hours, hours, "Ada <ada@example.invalid>", message)
    }

    fn commit_as(&self, hours: u32, written: u32, author: &str, message: &str) -> String {
        output(self.at(hours, written).args(["commit", "-q", "--allow-empty", "--author", author, "-m", message]));
        self.git(&["rev-parse", "HEAD"])
    }

    fn merge(&self, hours: u32, branch: &str) {
        output(self.at(hours, hours).args(["merge", "-q", "--no-ff", "-m", "Merge", branch]));
    }

    fn tag(&self, name: &str, of: &str) {
        self.git(&["tag", name, of]);
    }

    fn annotate(&self, hours: u32, name: &str, of: &str) {
        output(self.at(hours, hours).args(["tag", "-a", "-m", "release", name, of]));
    }
}

/// Merges, bots, rewritten dates, a release branch, a backport, two tags on a commit, a revert, a rollback, tags of tags.
fn made_by_hand() -> Hand {
    let hand = Hand::new();
    let start = hand.commit(0, "Start");
    let first = hand.commit(2, "First");
    hand.tag("v1.0.0", "HEAD");
    hand.annotate(5, "checkout-v1.0.0", "HEAD");
    hand.git(&["checkout", "-q", "-b", "feature", &first]);
    hand.commit(8, "Feature");
    hand.git(&["checkout", "-q", "main"]);
    hand.commit_as(10, 10, "dependabot[bot] <support@example.invalid>", "Bump");
    hand.merge(20, "feature");
    let cache = hand.commit(22, "Add cache");
    hand.annotate(24, "v1.1.0", "HEAD");
    hand.annotate(26, "checkout-v1.1.0", "HEAD");
    hand.commit_as(30, 15, "Ada <ada@example.invalid>", "Rebased later");
    hand.commit_as(31, 50, "Ada <ada@example.invalid>", "Clock is off");
    hand.tag("v1.2.0", "HEAD");
    hand.annotate(33, "v1.2.1", "HEAD");
    hand.git(&["checkout", "-q", "-b", "release-1.1", "v1.1.0^{commit}"]);
    hand.commit(35, "Fix for 1.1");
    hand.annotate(36, "v1.1.1", "HEAD");
    hand.git(&["checkout", "-q", "main"]);
    let revert = hand.commit(40, &format!("Revert \"Add cache\"\n\nThis reverts commit {cache}."));
    hand.annotate(42, "v1.3.0", "HEAD");
    hand.git(&["checkout", "-q", "-b", "old", &start]);
    hand.commit(45, "Backport");
    hand.annotate(46, "v0.9.1", "HEAD");
    hand.git(&["checkout", "-q", "main"]);
    hand.commit(50, "More");
    hand.annotate(52, "v1.4.0", "HEAD");
    hand.annotate(55, "v1.5.0", &revert);
    hand.annotate(56, "v2.0.0-rc1", "HEAD");
    hand.tag("nightly", "HEAD");
    hand.tag("9.9.9", "HEAD^{tree}");
    hand.commit(60, "Last");
    hand.annotate(60, "inner", "HEAD");
    hand.annotate(62, "v1.6.0", "inner");
    hand
}

#[test]
fn a_history_made_by_hand_is_as_its_author_says() {
    if !python() {
        return;
    }
    let hand = made_by_hand();
    let truth = agree(&hand.path, &[]);
    let told = |row: &Value| {
        let mut words = vec![row["tag"].as_str().unwrap().to_string()];
        words.push(row["reason"].as_str().map_or_else(|| format!("{} commits", row["commits"]), str::to_string));
        words.extend(row["median"].as_f64().map(|secs| format!("median {}", secs / 3_600.0)));
        words.extend(row["excluded"].as_object().unwrap().iter().map(|(code, count)| format!("{count} {code}")));
        words.extend(["rollback", "rework"].iter().filter(|word| row[**word] == true).map(|word| (*word).to_string()));
        words.extend(row["recovery"].as_f64().map(|secs| format!("failed, over after {}", secs / 3_600.0)));
        words.join(", ")
    };
    let releases = |service: &str| truth["services"][service]["releases"].as_array().unwrap().iter().map(told).collect::<Vec<_>>();
    assert_eq!(
        releases("shop"),
        [
            "v1.0.0, no_baseline",
            "v1.1.0, 2 commits, median 9, 1 bot, 1 merge, failed, over after 18",
            "v1.2.0, 1 commits, median 16, 1 negative_span",
            "v1.2.1, 0 commits",
            "v1.1.1, 1 commits, median 1",
            "v1.3.0, 1 commits, median 2, rework",
            "v0.9.1, no_baseline",
            "v1.4.0, 1 commits, median 2, failed, over after 3",
            "v1.5.0, 0 commits, rollback, rework",
            "v1.6.0, 1 commits, median 2",
        ]
    );
    assert_eq!(releases("checkout"), ["checkout-v1.0.0, no_baseline", "checkout-v1.1.0, 2 commits, median 11, 1 bot, 1 merge"]);
    let pool = &truth["pool"];
    assert_eq!(
        (&pool["commits"], &pool["excluded"]),
        (&json!(7), &json!({"merge": 1, "bot": 1, "negative_span": 1, "no_baseline": 3})),
        "once each"
    );
}

#[test]
fn options_and_cut_off_clones_of_it_agree_too() {
    if !python() {
        return;
    }
    let hand = made_by_hand();
    agree(&hand.path, &["--service", "till"]);
    agree(&hand.path, &["--tag", "checkout-*"]);
    agree(&hand.path, &["--tag", "v1.[!0-2]*"]);
    agree(&hand.path, &["--tag", "*-rc?", "--service", "till"]);
    for depth in ["1", "2", "3", "5", "7"] {
        let clone = hand.dir.path().join(format!("depth-{depth}"));
        output(
            git(hand.dir.path())
                .args(["clone", "-q", "--no-single-branch", "--depth", depth])
                .arg(format!("file://{}", hand.path.display()))
                .arg(&clone),
        );
        agree(&clone, &[]);
    }
}
