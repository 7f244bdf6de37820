//! Power cuts, full disks and stops: what was answered is there, nothing is there twice, and everything ends in time.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::binary::{Pacer, Served};
use crate::harness::database::Database;
use crate::harness::facts::{days_ago, deployment, figures, github_signature, lines, sample};
use crate::harness::{GITHUB_SECRET, NOW, TOKEN};

fn ask(pacer: &Pacer) -> String {
    figures(&pacer.run_at(NOW, &["ask", "dora 6m", "--format", "json"]).ok().json())
}

#[test]
fn an_import_killed_in_the_middle_and_run_again_is_as_if_it_never_was() {
    let events: Vec<Value> = (0..10_000).map(|number| deployment(&format!("s{}", number % 7), number, days_ago(number % 170))).collect();
    let text = lines(&events);
    let whole = Pacer::new();
    whole.run(&["import", "json", &whole.database.file("facts.json", &text)]).ok();
    let pacer = Pacer::new();
    let file = pacer.database.file("facts.json", &text);
    pacer.run(&["migrate"]).ok();
    let mut import = pacer.command(&["import", "json", &file]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let deadline = Instant::now() + Duration::from_secs(30);
    while pacer.database.count("delivery") < 2 {
        assert!(Instant::now() < deadline, "nothing is stored");
        if import.try_wait().expect("a status").is_some() {
            break;
        }
    }
    import.kill().expect("killed");
    import.wait().expect("gone");
    let stored = pacer.database.count("deployment");
    assert!(stored > 0 && stored < 10_000, "{stored}: it was in the middle");
    let again = pacer.run(&["import", "json", &file]).ok();
    assert_eq!(again.last(), format!("read 10000 new {} updated 0 duplicate {stored} rejected 0", 10_000 - stored));
    assert_eq!((pacer.database.count("deployment"), ask(&pacer)), (10_000, ask(&whole)));
}

/// Sends batches of one event and signed webhooks until nothing answers; the ids that were answered with 202.
async fn send_until_it_dies(client: reqwest::Client, url: String, sender: u64) -> Vec<String> {
    let mut taken = Vec::new();
    for number in 0.. {
        let id = format!("{sender}-{number}");
        let request = if number % 2 == 0 {
            let mut event = deployment("checkout", 0, days_ago(1));
            event["id"] = json!(id);
            client.post(format!("{url}/v1/events")).bearer_auth(TOKEN).header("content-type", "application/json").body(event.to_string())
        } else {
            let body = json!({"zen": id, "hook_id": 1}).to_string();
            let signature = github_signature(GITHUB_SECRET, &body);
            let request = client.post(format!("{url}/hooks/github")).header("x-github-event", "ping").header("x-github-delivery", &id);
            request.header("x-hub-signature-256", signature).header("content-type", "application/json").body(body)
        };
        match request.send().await {
            Ok(answer) if answer.status() == 202 => taken.push(id),
            Ok(answer) => panic!("{}", answer.status()),
            Err(_) => return taken,
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_answered_202_before_a_kill_is_there_after_it_once() {
    pacer::app::install_tls();
    let pacer = Pacer::new();
    let mut all: Vec<String> = Vec::new();
    for round in 0..3 {
        let served = pacer.serve();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..6 {
            senders.spawn(send_until_it_dies(client.clone(), served.url.clone(), round * 10 + sender));
        }
        let (seen, wanted) = (pacer.database.count("delivery"), 60);
        let deadline = Instant::now() + Duration::from_secs(30);
        while pacer.database.count("delivery") < seen + wanted {
            assert!(Instant::now() < deadline, "nothing is stored");
            tokio::task::yield_now().await;
        }
        served.kill();
        all.extend(senders.join_all().await.into_iter().flatten());
    }
    assert!(all.len() > 100, "{}", all.len());
    let served = pacer.serve();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let deadline = Instant::now() + Duration::from_secs(30);
    while pacer.database.number("select count(*) from delivery where state = 'pending'") > 0 {
        assert!(Instant::now() < deadline, "what waited is taken up");
    }
    assert!(client.get(format!("{}/readyz", served.url)).send().await.expect("an answer").status().is_success());
    assert_eq!(served.terminate().0, Some(0));
    let (events, hooks): (Vec<String>, Vec<String>) =
        all.into_iter().partition(|id| id.rsplit('-').next().is_some_and(|n| n.parse::<u64>().is_ok_and(|n| n % 2 == 0)));
    let listed = |ids: &[String]| ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(",");
    assert_eq!(pacer.database.count(&format!("deployment where id in ({})", listed(&events))), i64::try_from(events.len()).expect("few"));
    assert_eq!(
        pacer.database.count(&format!("delivery where source = 'github' and dedupe in ({})", listed(&hooks))),
        i64::try_from(hooks.len()).expect("few"),
        "by the sender's id"
    );
    assert_eq!(pacer.database.number("select count(*) - count(distinct source || ' ' || dedupe) from delivery"), 0, "nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_drains_and_ends_with_0_within_10_seconds() {
    pacer::app::install_tls();
    let pacer = Pacer::new();
    let served = pacer.serve();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{}/v1/events", served.url)).bearer_auth(TOKEN).header("content-type", "application/x-ndjson");
    assert_eq!(request.body(sample()).send().await.expect("an answer").status(), 202);
    // A connection that never says anything must not hold it up.
    let idle = tokio::net::TcpStream::connect(served.url.trim_start_matches("http://")).await.expect("connected");
    let (code, took) = served.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(12), "{took:?}");
    drop(idle);
    assert!(!ask(&pacer).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_serving_opens_and_answers_the_same() {
    let pacer = Pacer::on(Database::sqlite());
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let served = pacer.serve();
    let copy = pacer.database.path("copy.db");
    pacer.run(&["backup", &copy]).ok();
    pacer.run(&["backup", &copy]).fails(1, &["exists already"]);
    assert_eq!(served.terminate().0, Some(0));
    let url = format!("sqlite://{copy}");
    let restored = pacer
        .command(&["ask", "dora 6m", "--format", "json"])
        .env("PACER_DATABASE_URL", url)
        .env("PACER_NOW", NOW)
        .output()
        .expect("it runs");
    let restored: Value = serde_json::from_slice(&restored.stdout).expect("JSON");
    assert_eq!(figures(&restored), ask(&pacer));
}

/// A small file system in memory, where this process may mount one.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(path: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&path).expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(&path).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l".as_ref(), self.0.as_os_str()]).status();
    }
}

async fn status(client: &reqwest::Client, served: &Served, events: String) -> (u16, bool) {
    let request = client.post(format!("{}/v1/events", served.url)).bearer_auth(TOKEN).header("content-type", "application/x-ndjson");
    let answer = request.body(events).send().await.expect("an answer");
    (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_503_and_recovers_by_itself() {
    pacer::app::install_tls();
    let mut database = Database::sqlite();
    let Some(small) = Small::mount(database.folder.path().join("small")) else {
        let _ = writeln!(std::io::stderr(), "the full disk is skipped: this machine lets nobody mount a small one");
        return;
    };
    database.url = format!("sqlite://{}/pacer.db", small.0.display());
    let pacer = Pacer::on(database);
    let served = pacer.serve();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert_eq!(status(&client, &served, lines(&[deployment("checkout", 1, days_ago(1))])).await, (202, false));
    let filler = small.0.join("filler");
    let mut file = std::fs::File::create(&filler).expect("a file");
    while file.write_all(&[0; 4096]).is_ok() {}
    let before = pacer.database.count("deployment");
    let batch =
        |from: i64| lines(&(from..from + 400).map(|number| deployment("checkout", number, days_ago(number % 90))).collect::<Vec<_>>());
    let mut taken = 0;
    let mut refused = (0, false);
    for round in 0..20 {
        let answer = status(&client, &served, batch(1_000 + round * 400)).await;
        if answer.0 == 503 {
            refused = answer;
            break;
        }
        taken += 400;
    }
    assert_eq!(refused, (503, true), "after {taken}");
    assert_eq!(pacer.database.count("deployment"), before + taken, "nothing half-written");
    let ready = client.get(format!("{}/readyz", served.url)).send().await.expect("an answer");
    assert_eq!(ready.status(), 503, "readiness is red");
    drop(file);
    std::fs::remove_file(filler).expect("room again");
    let deadline = Instant::now() + Duration::from_secs(30);
    while status(&client, &served, batch(1_000 + taken)).await.0 != 202 {
        assert!(Instant::now() < deadline, "it recovers");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(pacer.database.count("deployment"), before + taken + 400);
    while client.get(format!("{}/readyz", served.url)).send().await.expect("an answer").status() != 200 {
        assert!(Instant::now() < deadline, "readiness recovers");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(served.terminate().0, Some(0));
}
