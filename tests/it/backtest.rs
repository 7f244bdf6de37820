//! `pacer backtest` on imported histories: figures that are known by hand, what is refused, and that nothing later is seen.

use serde_json::{Value, json};

use crate::harness::binary::Pacer;

/// A Monday.
const NOW: &str = "2026-11-23T12:00:00Z";
const DAY: i64 = 86_400;

const ORG: &str = r#"
[[people]]
id = "ada"
[[people]]
id = "ben"
[[people]]
id = "cleo"
[[people]]
id = "dan"
[[teams]]
id = "core"
name = "Core"
members = ["ada", "ben", "cleo"]
[[teams]]
id = "solo"
name = "Solo"
members = ["dan"]
[[projects]]
id = "engine"
name = "Engine"
"#;

/// An item of that number, done so many weeks before this one, on its Wednesday.
fn item(number: usize, weeks_ago: i64, person: &str, project: Option<&str>) -> Value {
    let monday = 1_795_392_000; // 2026-11-23
    let at = |days: i64| chrono::DateTime::from_timestamp(monday - weeks_ago * 7 * DAY + days * DAY, 0).unwrap().to_rfc3339();
    json!({
        "type": "item", "id": format!("C-{number}"), "assignee": person, "project": project, "kind": "story",
        "created_at": at(0), "started_at": at(1), "done_at": at(2),
    })
}

/// Forty weeks of five items each by three people: as steady as can be.
fn steady() -> Vec<Value> {
    let people = ["ada", "ben", "cleo"];
    let weeks = (1..=40).flat_map(|week| (0..5).map(move |item| (week, item)));
    weeks.enumerate().map(|(number, (week, at))| item(number, week, people[at % 3], Some("engine"))).collect()
}

fn imported(items: &[Value]) -> Pacer {
    let pacer = Pacer::new();
    pacer.run(&["org", "apply", &pacer.database.file("org.toml", ORG)]).ok();
    let lines = items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    pacer.run_at(NOW, &["import", "json", &pacer.database.file("items.json", lines)]).ok();
    pacer
}

fn series<'a>(report: &'a Value, scope: &Value) -> &'a Value {
    report["forecasts"].as_array().unwrap().iter().find(|one| one["scope"] == *scope).unwrap_or_else(|| panic!("{scope} in {report}"))
}

#[test]
fn a_steady_history_is_foretold_and_an_average_is_as_good() {
    let mut items = steady();
    // One person alone is nobody's figure.
    items.extend((1..=40).map(|week| item(1_000 + usize::try_from(week).unwrap(), week, "dan", None)));
    let pacer = imported(&items);
    let report = pacer.run_at(NOW, &["backtest", "--format", "json"]).ok().json();
    assert_eq!(report["as_of"], NOW);
    for scope in [json!("team:core"), json!("project:engine")] {
        let one = series(&report, &scope);
        assert_eq!(one["weeks"], 40);
        assert_eq!(one["verdict"], "No better than a simple average.", "five a week are five a week");
        // The first origin has 12 weeks before it; each leaves as many after it as it looks ahead.
        for (record, ahead) in one["records"].as_array().unwrap().iter().zip([4_u64, 13]) {
            assert_eq!((&record["ahead"], &record["made"], &record["refused"]), (&json!(ahead), &json!(40 - 12 - ahead + 1), &json!(0)));
            assert_eq!(record["mean"], json!(5.0 * f64::from(u32::try_from(ahead).unwrap())));
            assert_eq!(record["crps"]["average"], 0.0);
            assert_eq!(record["pinball"]["average"], json!([0.0, 0.0, 0.0]), "nothing beside the mark");
            assert!(record["pinball"]["ours"].as_array().unwrap().iter().all(|lost| lost.as_f64().unwrap() >= 0.0));
            assert_eq!(record["held"][1]["held"], record["made"], "what was likely came each time");
        }
    }
    assert_eq!(series(&report, &Value::Null)["records"][0]["mean"], 24.0, "everybody: six a week");
    let refused = report["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["scope"], "team:solo");
    assert!(refused[0]["refused"].as_str().unwrap().contains("fewer than 3 people"), "{refused:?}");

    assert_eq!(report["warnings"]["dated"], 0, "no project has a date");
    assert_eq!((&report["warnings"]["scores"], &report["simulated"]), (&Value::Null, &Value::Null));
    // Core alone has three people: starts after 26 of its 39 or 40 weeks, with 13 behind them, share their weeks.
    let done = report["improvements"]["figures"].as_array().unwrap().iter().find(|one| one["name"] == "Items done").unwrap();
    assert_eq!((&done["teams"], &done["apart"], &done["false"]["holds"]), (&json!(1), &json!(1), &json!(0)));

    let text = pacer.run_at(NOW, &["backtest", "team:core"]).ok().stdout;
    assert!(text.contains("pinball of the 15, 50 and 85 % quantiles"), "{text}");
    assert!(!text.contains("Warnings") && !text.contains("nobody declared"), "only of the whole portfolio: {text}");
    assert!(text.contains("as of 2026-11-23") && text.contains("Team Core, 40 weeks. No better than a simple average."), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.contains("Engine") && !text.contains("Solo"), "only what was asked: {text}");
    pacer.run_at(NOW, &["backtest", "team:nobody"]).fails(1, &["no team `nobody`", "`core`"]);
    pacer.run_at(NOW, &["backtest", "core"]).fails(1, &["team:NAME"]);
}

#[test]
fn what_comes_later_changes_nothing() {
    let pacer = imported(&steady());
    let then = "2026-08-03T12:00:00Z";
    let told = |pacer: &Pacer| pacer.run_at(then, &["backtest", "--format", "json"]).ok().json();
    let before = told(&pacer);
    assert_eq!(series(&before, &json!("team:core"))["weeks"], 24, "sixteen weeks of the forty are later");
    let later: Vec<Value> =
        (0..300).map(|number| item(5_000 + number, 1 + i64::try_from(number).unwrap() % 10, "ada", Some("engine"))).collect();
    let lines = later.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    pacer.run_at(NOW, &["import", "json", &pacer.database.file("later.json", lines)]).ok();
    assert_eq!(told(&pacer), before);
}

#[test]
fn too_little_is_said_with_what_it_takes() {
    pacer_says(&[], &["nothing has enough history", "16 weeks"]);
    let few: Vec<Value> = steady().into_iter().take(25).collect();
    pacer_says(&few, &["nothing has enough history", "16 weeks"]);
}

fn pacer_says(items: &[Value], words: &[&str]) {
    let pacer = Pacer::new();
    if !items.is_empty() {
        let lines = items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        pacer.run_at(NOW, &["import", "json", &pacer.database.file("few.json", lines)]).ok();
    }
    pacer.run_at(NOW, &["backtest"]).fails(1, words);
}

#[test]
fn a_file_of_weekly_counts_or_of_dates_is_scored_and_a_future_date_refused() {
    let pacer = Pacer::new();
    let counts = (0..60).map(|week| (3 + week % 4).to_string()).collect::<Vec<_>>().join("\n");
    let file = pacer.database.file("counts.csv", format!("finished\n{counts}"));
    let report = pacer.run_at(NOW, &["backtest", "--series", &file, "--format", "json"]).ok().json();
    assert_eq!((&report["forecasts"][0]["name"], &report["forecasts"][0]["weeks"]), (&json!("counts"), &json!(60)));
    assert_eq!(report["forecasts"][0]["records"][0]["made"], 60 - 12 - 4 + 1);
    let future = pacer.database.file("future.csv", "id,done\n1,2026-11-01\n2,2026-11-24\n");
    pacer.run_at(NOW, &["backtest", "--series", &future]).fails(1, &["future.csv", "must not look ahead"]);
    pacer.run_at(NOW, &["backtest", "--series", "nowhere.csv"]).fails(1, &["nowhere.csv"]);
    pacer.run_at(NOW, &["backtest", "team:core", "--series", &file]).fails(2, &["--series"]);
    pacer.run_at(NOW, &["backtest", "team:core", "--simulated", "3"]).fails(2, &["--simulated"]);
}

/// A project of seventy items, five a week, the last so many weeks ago, due on a Friday so many weeks ago.
fn dated(id: &str, first: usize, weeks_ago: i64) -> Vec<Value> {
    let weeks = (0..14).flat_map(|week| (0..5).map(move |at| (week, at)));
    weeks.enumerate().map(|(number, (week, at))| item(first + number, weeks_ago + week, ["ada", "ben", "cleo"][at % 3], Some(id))).collect()
}

/// Warnings of so many projects, of which every third was late by two weeks.
fn warned(projects: usize) -> (Value, String) {
    let mut org = ORG.to_owned();
    let mut items = Vec::new();
    for at in 0..projects {
        let last = 5 + 3 * i64::try_from(at).unwrap();
        let late = if at % 3 == 0 { 2 } else { 0 };
        let friday = chrono::NaiveDate::from_ymd_opt(2026, 11, 27).unwrap() - chrono::Days::new(7 * u64::try_from(last + late).unwrap());
        org = format!("{org}[[projects]]\nid = \"p{at}\"\nname = \"P{at}\"\ndue = {friday}\n");
        items.extend(dated(&format!("p{at}"), 1_000 * (at + 1), last).into_iter().map(|mut item| {
            // Planned from the start.
            item["created_at"] = json!("2025-06-02T09:00:00Z");
            item
        }));
    }
    let pacer = Pacer::new();
    pacer.run(&["org", "apply", &pacer.database.file("org.toml", org)]).ok();
    let lines = items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    pacer.run_at(NOW, &["import", "json", &pacer.database.file("items.json", lines)]).ok();
    let report = pacer.run_at(NOW, &["backtest", "--format", "json"]).ok().json();
    (report["warnings"].clone(), pacer.run_at(NOW, &["backtest"]).ok().stdout)
}

#[test]
fn warnings_of_few_projects_prove_nothing_and_of_more_are_scored() {
    let (few, text) = warned(3);
    assert_eq!((&few["dated"], &few["over"], &few["late"], &few["scores"]), (&json!(3), &json!(3), &json!(1), &Value::Null));
    assert!(text.contains("No record yet: 3 projects have ended, and it takes 10.") && text.contains("proves nothing"), "{text}");

    let (more, text) = warned(12);
    assert_eq!((&more["over"], &more["late"]), (&json!(12), &json!(4)));
    let scores = &more["scores"];
    let area = scores["auc"]["value"].as_f64().unwrap();
    let [low, high] = [0, 1].map(|end| scores["auc"]["interval"][end].as_f64().unwrap());
    assert!((0.0..=area).contains(&low) && (area..=1.0).contains(&high), "{scores}");
    assert!(scores["control"]["auc"].is_number() && scores["brier"]["score"].is_number(), "{scores}");
    for words in ["Warned of in time: ", " of 4 late projects", "False alarms: ", " of 8 projects in time", "Control, outcomes dealt"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
