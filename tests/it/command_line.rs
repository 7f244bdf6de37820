//! The binary as scripts use it: exit statuses, sentences, the last line of an import.

use serde_json::json;

use crate::harness::binary::{Pacer, git};
use crate::harness::database::Database;
use crate::harness::facts::{ORG, figures, lines, metric, sample, sample_events};
use crate::harness::{NOW, TOKEN};

#[test]
fn wrong_usage_is_2_and_what_failed_is_1() {
    let pacer = Pacer::new();
    pacer.run(&[]).fails(2, &["Usage"]);
    pacer.run(&["dance"]).fails(2, &["dance"]);
    pacer.run(&["import", "json"]).fails(2, &["PATH"]);
    pacer.run(&["ask", "dora", "--format", "yaml"]).fails(2, &["yaml"]);
    pacer.run(&["import", "jsom", "x"]).fails(2, &["no source `jsom`", "json", "git"]);
    pacer.run(&["import", "json", "nowhere.json"]).fails(1, &["nowhere.json", "does not exist"]);
    pacer.run(&["org", "apply", "nowhere.toml"]).fails(1, &["nowhere.toml"]);
    pacer.run(&["verify", "zzzzzzzz"]).fails(1, &["No answer has the receipt"]);
    pacer.run_with("PACER_DATABASE_URL", "mysql://x", &["ask", "dora"]).fails(1, &["PACER_DATABASE_URL", "sqlite://"]);
    pacer.run_with("PACER_NOW", "yesterday", &["ask", "dora"]).fails(1, &["PACER_NOW"]);
    pacer.run_at(NOW, &["serve"]).fails(1, &["PACER_NOW", "Unset"]);
    let many = pacer.command(&["ask", "dora"]).env("PACER_LISTEN", "here").env("PACER_RATE_LIMIT", "some").output().expect("it runs");
    let said = String::from_utf8_lossy(&many.stderr).into_owned();
    assert!(said.contains("PACER_LISTEN") && said.contains("PACER_RATE_LIMIT"), "all mistakes at once: {said}");
}

#[test]
fn an_error_of_ask_is_json_for_scripts_and_a_sentence_for_people() {
    let pacer = Pacer::new();
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let check = |question: &str, kind: &str| {
        let refused = pacer.run_at(NOW, &["ask", question, "--format", "json"]);
        assert_eq!(refused.code, Some(1));
        assert_eq!(refused.json()["error"]["kind"], kind, "{question}");
        assert!(refused.json()["error"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
        let people = pacer.run_at(NOW, &["ask", question]);
        assert_eq!((people.code, people.stdout.as_str()), (Some(1), ""), "{question}");
        assert!(!people.stderr.is_empty());
    };
    check("dorra", "unknown_command");
    check("dora team:nobody", "unknown_team");
    check("dora service:nobody", "unknown_service");
    check("dora project:nobody", "unknown_project");
    check("dora 0d", "bad_window");
    check("why zzzzzzzz", "unknown_receipt");
    for format in ["text", "blocks", "html", "csv"] {
        let answer = pacer.run_at(NOW, &["ask", "dora 30d", "--format", format]).ok();
        assert!(answer.stdout.len() > 200, "{format}: {answer:?}");
    }
    let answer = pacer.run_at(NOW, &["ask", "dora 30d", "--format", "json"]).ok().json();
    assert_eq!((&answer["command"], &answer["scope"], &answer["window"]["to"]), (&json!("dora"), &json!({}), &json!(NOW)));
    assert_eq!(metric(&answer, "deployment_frequency")["n"], 21);
    let receipt = answer["receipt"].as_str().expect("a receipt");
    assert!(pacer.run_at(NOW, &["verify", receipt]).ok().stdout.contains("equal"));
    assert!(pacer.run(&["verify", receipt]).ok().stdout.contains("equal"), "at any later time too");
}

#[test]
fn an_import_ends_with_its_counts_and_the_second_is_all_duplicates() {
    let pacer = Pacer::new();
    let count = sample_events().len();
    let file = pacer.database.file("facts.json", sample());
    assert_eq!(pacer.run(&["import", "json", &file]).ok().last(), format!("read {count} new {count} updated 0 duplicate 0 rejected 0"));
    assert_eq!(pacer.run(&["import", "json", &file]).ok().last(), format!("read {count} new 0 updated 0 duplicate {count} rejected 0"));
    let array = format!("[{}]", sample().trim().replace('\n', ","));
    let array = pacer.database.file("array.json", array);
    assert_eq!(pacer.run(&["import", "json", &array]).ok().last(), format!("read {count} new 0 updated 0 duplicate {count} rejected 0"));
    let cut = pacer.database.file("cut.json", &sample()[..sample().len() - 20]);
    let cut = pacer.run(&["import", "json", &cut]).ok();
    assert_eq!(cut.last(), format!("read {count} new 0 updated 0 duplicate {} rejected 1", count - 1));
    assert!(cut.stdout.contains(&format!("line {count}: ")), "{cut:?}");
}

#[test]
fn a_table_may_begin_with_a_mark_and_says_which_columns_it_lacks() {
    let pacer = Pacer::new();
    let csv = "\u{feff}type,id,service,status,finished_at\ndeployment,d1,checkout,success,2026-11-01T10:00:00Z\ndeployment,d2,checkout,success,soon\n";
    let read = pacer.run(&["import", "csv", &pacer.database.file("facts.csv", csv)]).ok();
    assert_eq!(read.last(), "read 2 new 1 updated 0 duplicate 0 rejected 1");
    assert!(read.stdout.contains("line 3: ") && read.stdout.contains("finished_at"), "{read:?}");
    let untyped =
        pacer.database.file("untyped.csv", "id,service,status,finished_at,Colour\nd3,checkout,success,2026-11-02T10:00:00Z,red\n");
    let read = pacer.run(&["import", "csv", "--type", "deployment", &untyped]).ok();
    assert_eq!(read.stdout, "not read, since they are no fields: colour\nread 1 new 1 updated 0 duplicate 0 rejected 0\n");
    let wrong = pacer.run(&["import", "csv", &pacer.database.file("wrong.csv", "colour,size\nred,1\n")]);
    assert!(wrong.code == Some(1) || wrong.last().ends_with("rejected 1"), "{wrong:?}");
    assert!(format!("{}{}", wrong.stdout, wrong.stderr).contains("type"), "says what is missing: {wrong:?}");
}

#[test]
fn ten_thousand_bad_rows_are_counted_and_a_thousand_told() {
    let pacer = Pacer::new();
    let bad = "{\"type\":\"deployment\"}\n".repeat(10_000);
    let read = pacer.run(&["import", "json", &pacer.database.file("bad.json", bad)]).ok();
    assert_eq!(read.last(), "read 10000 new 0 updated 0 duplicate 0 rejected 10000");
    assert!(
        read.stdout.contains("and 9000 more were rejected") && read.stdout.lines().count() == 1_002,
        "{} lines",
        read.stdout.lines().count()
    );
}

#[test]
fn what_git_can_not_give_is_said() {
    let pacer = Pacer::new();
    let folder = |name: &str| {
        let path = pacer.database.folder.path().join(name);
        std::fs::create_dir(&path).expect("a folder");
        path
    };
    let import = |path: &std::path::Path| pacer.run(&["import", "git", &path.display().to_string()]);
    let said = |outcome: &crate::harness::binary::Outcome| format!("{}{}", outcome.stdout, outcome.stderr);

    import(&folder("plain")).fails(1, &["plain", "git"]);

    let empty = folder("empty");
    git(&empty, &["init", "-q"]);
    let outcome = import(&empty);
    assert!(said(&outcome).contains("no commit") || said(&outcome).contains("empty"), "{outcome:?}");

    let untagged = folder("untagged");
    git(&untagged, &["init", "-q"]);
    git(&untagged, &["commit", "-q", "--allow-empty", "-m", "First"]);
    let outcome = import(&untagged).ok();
    assert!(outcome.stderr.contains("tag"), "{outcome:?}");

    git(&untagged, &["tag", "v1.0"]);
    git(&untagged, &["commit", "-q", "--allow-empty", "-m", "Second"]);
    git(&untagged, &["tag", "v1.1"]);
    let outcome = import(&untagged).ok();
    assert!(outcome.last().contains("rejected 0"), "{outcome:?}");
    let answer = pacer.run_at(NOW, &["ask", "dora service:untagged 90d", "--format", "json"]).ok().json();
    assert_eq!(metric(&answer, "deployment_frequency")["n"], 2, "{answer}");
    let again = import(&untagged).ok();
    assert!(again.last().contains(" new 0 updated 0 "), "{again:?}");

    let origin = format!("file://{}", untagged.display());
    git(pacer.database.folder.path(), &["clone", "-q", "--depth", "1", &origin, "shallow"]);
    let outcome = import(&pacer.database.folder.path().join("shallow"));
    assert!(said(&outcome).contains("shallow") && said(&outcome).contains("unshallow"), "{outcome:?}");
}

#[test]
fn a_database_from_a_newer_version_is_left_alone() {
    let pacer = Pacer::new();
    pacer.run(&["migrate"]).ok();
    let row = if pacer.database.is_sqlite() { "x''" } else { "''::bytea" };
    let success = if pacer.database.is_sqlite() { "1" } else { "true" };
    pacer.database.execute(&format!(
        "insert into _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         values (9999, 'later', current_timestamp, {success}, {row}, 0)"
    ));
    for call in [["migrate"].as_slice(), &["ask", "dora"], &["serve"]] {
        pacer.run(call).fails(1, &["newer", "9999", "upgrade"]);
    }
}

#[test]
fn a_file_that_can_not_be_written_or_is_none_is_said() {
    let database = Database::sqlite();
    let folder = database.path("no/such/folder/pacer.db");
    let pacer = Pacer::on(database);
    pacer.run_with("PACER_DATABASE_URL", &format!("sqlite://{folder}"), &["ask", "dora"]).fails(1, &["no/such/folder"]);
    let text = pacer.database.file("notes.txt", "this is no database, whatever its name says, and long enough to have a header of its own");
    let began = std::time::Instant::now();
    let refused = pacer.run_with("PACER_DATABASE_URL", &format!("sqlite://{text}"), &["ask", "dora"]);
    refused.fails(1, &["notes.txt", "is not a SQLite database", "PACER_DATABASE_URL"]);
    assert_eq!((refused.stderr.lines().count(), refused.stderr.contains('\u{1b}')), (1, false), "{refused:?}");
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "at once: {:?}", began.elapsed());
    let here = pacer.database.folder.path().display().to_string();
    pacer.run_with("PACER_DATABASE_URL", &format!("sqlite://{here}"), &["ask", "dora"]).fails(1, &["is a folder"]);
    let none = pacer.database.path("none.db");
    pacer
        .run_with("PACER_DATABASE_URL", &format!("sqlite://{none}"), &["backup", &pacer.database.path("copy.db")])
        .fails(1, &["none.db", "nothing to copy"]);
    assert!(!std::path::Path::new(&none).exists() && !std::path::Path::new(&pacer.database.path("copy.db")).exists());
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let read_only = format!("{}?mode=ro", pacer.database.url);
    let refused = pacer.run_with(
        "PACER_DATABASE_URL",
        &read_only,
        &[
            "import",
            "json",
            &pacer.database.file(
                "more.json",
                "{\"type\":\"deployment\",\"id\":\"x\",\"service\":\"y\",\"status\":\"success\",\"finished_at\":\"2026-11-01T00:00:00Z\"}",
            ),
        ],
    );
    refused.fails(1, &["pacer: "]);
    assert!(refused.stderr.to_lowercase().contains("read-only") || refused.stderr.contains("readonly"), "{refused:?}");
    if pacer.command(&[]).output().is_ok() {
        let (status, locked) = postgres_refused(&pacer);
        assert_eq!(status, Some(1), "{locked}");
        assert!(!locked.contains("secret-word"), "a password is not shown: {locked}");
    }
}

/// A server that is not there.
fn postgres_refused(pacer: &Pacer) -> (Option<i32>, String) {
    let refused = pacer.run_with("PACER_DATABASE_URL", "postgres://pacer:secret-word@127.0.0.1:1/pacer", &["ask", "dora"]);
    (refused.code, format!("{}{}", refused.stdout, refused.stderr))
}

#[test]
fn org_preview_tells_and_changes_nothing_and_apply_does() {
    let pacer = Pacer::new();
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let org = pacer.database.file("org.toml", ORG);
    let preview = pacer.run_at(NOW, &["org", "preview", &org]).ok();
    assert!(preview.stdout.contains("payments") && preview.last().contains("Nothing was changed"), "{preview:?}");
    assert_eq!(pacer.database.count("org_version"), 0);
    assert_eq!(pacer.run_at(NOW, &["ask", "dora team:payments", "--format", "json"]).json()["error"]["kind"], "unknown_team");
    assert!(pacer.run_at(NOW, &["org", "apply", &org]).ok().last().contains("2 teams"));
    assert!(pacer.run_at(NOW, &["org", "apply", &org]).ok().last().contains("Nothing changed"));
    assert_eq!(pacer.run_at(NOW, &["ask", "dora team:payments", "--format", "json"]).ok().json()["scope"], json!({"team": "payments"}));
    assert_eq!(pacer.run_at(NOW, &["ask", "", "--as", "U0BEN", "--format", "json"]).ok().json()["scope"], json!({"team": "payments"}));
    let refused = pacer.run_at(NOW, &["ask", "dora team:finders", "--as", "U0BEN", "--format", "json"]);
    assert_eq!((refused.code, &refused.json()["error"]["kind"]), (Some(1), &json!("not_allowed")));
    pacer.run(&["org", "apply", &pacer.database.file("broken.toml", "[[teams]]\nid = 7\n")]).fails(1, &["broken.toml", "line 2"]);
}

#[test]
fn pacer_now_hides_what_came_later() {
    let pacer = Pacer::new();
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let ask = |now: &str| pacer.run_at(now, &["ask", "dora 90d", "--format", "json"]).ok().json();
    let past = Pacer::new();
    let then = "2026-08-01T12:00:00Z";
    let known: Vec<_> =
        sample_events().into_iter().filter(|event| event["finished_at"].as_str().or(event["started_at"].as_str()) <= Some(then)).collect();
    past.run(&["import", "json", &past.database.file("facts.json", lines(&known))]).ok();
    assert_eq!(figures(&ask(then)), figures(&past.run_at(then, &["ask", "dora 90d", "--format", "json"]).ok().json()));
    assert_ne!(figures(&ask(NOW)), figures(&ask(then)));
    assert_eq!(metric(&ask("2020-01-01T00:00:00Z"), "deployment_frequency")["reason"], "no_data");
}

#[test]
fn replay_changes_nothing_on_healthy_data() {
    let pacer = Pacer::new();
    pacer.run(&["import", "json", &pacer.database.file("facts.json", sample())]).ok();
    let github = format!("{}/tests/fixtures/github", env!("CARGO_MANIFEST_DIR"));
    pacer.run(&["import", "github", &github]).ok();
    let ask = || figures(&pacer.run_at(NOW, &["ask", "dora 10y", "--format", "json"]).ok().json());
    let (before, rows) = (ask(), pacer.database.count("deployment"));
    let replayed = pacer.run(&["replay"]).ok();
    assert!(replayed.last().contains(" new 0 updated 0 "), "{replayed:?}");
    assert_eq!((ask(), pacer.database.count("deployment")), (before, rows));
}

#[test]
fn the_manifest_asks_for_what_is_used() {
    let pacer = Pacer::new();
    let manifest = pacer.run(&["manifest"]).ok().stdout;
    for part in ["/metrics", "app_home_opened", "chat:write", "socket_mode_enabled: true"] {
        assert!(manifest.contains(part), "{part}: {manifest}");
    }
    assert!(!manifest.contains(TOKEN));
}

#[test]
fn an_import_says_of_all_rows_whose_they_are_and_replay_keeps_it() {
    let pacer = Pacer::new();
    let row = |id: &str, more: &str| {
        format!("{{\"type\":\"deployment\",\"id\":\"{id}\",\"status\":\"success\",\"finished_at\":\"2026-11-01T10:00:00Z\"{more}}}\n")
    };
    let file = pacer
        .database
        .file("rows.json", row("d1", "") + &row("d2", ",\"service\":\"other\"") + &row("d3", ",\"updated_at\":\"2026-11-02T00:00:00Z\""));
    let count = |service: &str| {
        let answer = pacer.run_at(NOW, &["ask", &format!("dora service:{service} 90d"), "--format", "json"]);
        if answer.code == Some(0) { metric(&answer.json(), "deployment_frequency")["n"].as_i64() } else { None }
    };
    assert_eq!(pacer.run(&["import", "json", &file, "--service", "pay"]).ok().last(), "read 3 new 3 updated 0 duplicate 0 rejected 0");
    assert_eq!((count("pay"), count("other")), (Some(3), None));
    assert_eq!(pacer.run(&["import", "json", &file, "--service", "shop"]).ok().last(), "read 3 new 0 updated 3 duplicate 0 rejected 0");
    assert_eq!((count("shop"), count("pay")), (Some(3), None));
    pacer.run(&["replay"]).ok();
    assert_eq!(count("shop"), Some(3));
    let table = pacer.database.file("rows.csv", "id,status,finished_at\nd4,success,2026-11-01T10:00:00Z\n");
    pacer.run(&["import", "csv", "--type", "deployment", "--service", "shop", &table]).ok();
    assert_eq!(count("shop"), Some(4));
    pacer.run(&["import", "csv", "--type", "deployment", &table]).fails(1, &["service or repository"]);
}

#[test]
fn another_service_for_a_whole_repository_moves_all_of_it() {
    let pacer = Pacer::new();
    let shop = pacer.database.folder.path().join("shop");
    std::fs::create_dir(&shop).expect("a folder");
    git(&shop, &["init", "-q"]);
    for tag in ["v1.0", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5"] {
        git(&shop, &["commit", "-q", "--allow-empty", "-m", tag]);
        git(&shop, &["tag", tag]);
    }
    let path = shop.display().to_string();
    let count = |service: &str| pacer.database.count(&format!("deployment where service = '{service}'"));
    pacer.run(&["import", "git", &path]).ok();
    assert_eq!(count("shop"), 6);
    for service in ["first", "second", "first"] {
        pacer.run(&["import", "git", &path, "--service", service]).ok();
        assert_eq!((count("shop"), count(service)), (0, 6), "{service}");
    }
    pacer.run(&["import", "git", &path, "--env", "staging"]).ok();
    assert_eq!((count("first"), pacer.database.count("deployment where environment = 'staging'")), (6, 6));
}

#[test]
fn a_rejected_row_is_told_by_its_line_and_its_file() {
    let pacer = Pacer::new();
    let good = r#"{"type":"item","id":"a"}"#;
    let array = pacer.database.file("array.json", format!("[\n  {good},\n\n  {{\"type\":\"item\"}}\n]\n"));
    let told = |args: &[&str]| pacer.run(args).ok().stdout;
    assert!(told(&["import", "json", &array]).starts_with("line 4: event 2: an item needs \"id\"\n"));
    let lines = pacer.database.file("lines.json", format!("{good}\n{{}}\n"));
    let both = told(&["import", "json", &array, &lines]);
    assert!(both.contains("array.json, line 4: event 2: ") && both.contains("lines.json, line 2: \"type\" is missing"), "{both}");
    let folder = pacer.database.folder.path().join("hooks");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("fork.1.json"), "{}").expect("a file");
    std::fs::write(folder.join("fork.2.json"), "{}").expect("a file");
    std::fs::write(folder.join("issues.1.json"), "{}").expect("a file");
    let told = told(&["import", "github", &folder.display().to_string()]);
    assert!(told.contains("issues.1.json, line 1: issues: it has no repository.full_name\n"), "{told}");
    assert!(told.contains("ignored 2 deliveries: pacer uses nothing of `fork` deliveries\nread 3 "), "{told}");
}

#[test]
fn a_demo_that_can_not_start_leaves_nothing_and_one_that_runs_says_where_its_database_is() {
    use std::io::{BufRead, BufReader};
    let pacer = Pacer::new();
    let folder = pacer.database.folder.path().join("tmp");
    std::fs::create_dir(&folder).expect("a folder");
    let left = || std::fs::read_dir(&folder).expect("readable").count();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let plain = pacer.database.folder.path().join("plain");
    std::fs::create_dir(&plain).expect("a folder");
    for args in [["demo", "--listen", &address, "--git", "."], ["demo", "--listen", "127.0.0.1:0", "--git", &plain.display().to_string()]] {
        let output = pacer.command(&args).env("TMPDIR", &folder).output().expect("it runs");
        assert_eq!((output.status.code(), left()), (Some(1), 0), "{args:?}: {output:?}");
    }
    let mut demo = pacer.command(&["demo", "--listen", "127.0.0.1:0"]);
    let mut demo = demo.env("TMPDIR", &folder).stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(demo.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("PACER_DATABASE_URL=")).expect("the welcome says it");
    let url = line.split("PACER_DATABASE_URL=").nth(1).and_then(|rest| rest.split(' ').next()).expect("a URL").to_owned();
    let answer = pacer.run_with("PACER_DATABASE_URL", &url, &["ask", "dora team:payments", "--format", "json"]).ok().json();
    assert!(metric(&answer, "deployment_frequency")["n"].as_u64() > Some(0), "{answer}");
    let told = std::process::Command::new("kill").args(["-TERM", &demo.id().to_string()]).status().expect("kill runs");
    assert!(told.success() && demo.wait().expect("it ends").success());
    assert_eq!(left(), 0, "gone with the demo");
}
