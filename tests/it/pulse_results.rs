//! What a closed wave says: to its own people at once, to everybody a day later, to nobody of a few; and what is done about it.

use std::collections::BTreeMap;

use pacer::domain::card::{Part, Place};
use pacer::domain::survey::items::Item;
use pacer::domain::survey::tree::Tree;
use pacer::domain::time::{DAY, HOUR};
use pacer::error::Failure;
use pacer::features::pulse::{perception, results};
use pacer::features::{self, Effect, Press};
use pacer::store::survey::{ActionItem, Standing};
use serde_json::Value;

use crate::harness::Harness;
use crate::harness::facts::sample;
use crate::harness::held::{Held, asked, drawn, full, hold, items, outputs, people, with_keys};

const TREE: [(&str, &str, Option<&str>); 4] = [
    ("all", "Whole organisation", None),
    ("payments", "Payments", Some("all")),
    ("search", "Search", Some("all")),
    ("ops", "Night Ops", Some("all")),
];

fn tree(teams: &[(&str, &str, Option<&str>)]) -> Tree {
    let teams: Vec<_> = teams.iter().map(|(id, name, parent)| ((*id).to_owned(), (*name).to_owned(), parent.map(str::to_owned))).collect();
    Tree::named(&teams).unwrap()
}

/// The teams as the organisation has them now, Payments with a channel and figures of delivery.
const TEAMS: &str = r#"
time_zone = "Europe/Berlin"
[[teams]]
id = "payments"
name = "Payments"
services = ["checkout"]
channels = ["C0PAYMENTS"]
targets = { change_lead_time = "2d" }
[[teams]]
id = "search"
name = "Search"
channels = ["C0SEARCH"]
[[teams]]
id = "ops"
name = "Night Ops"
"#;

fn wave<'a>(id: &'a str, sizes: [usize; 3], categories: &[&str]) -> Held<'a> {
    let people = [people("payments", sizes[0]), people("search", sizes[1]), people("ops", sizes[2])].concat();
    Held { id, survey: full(), tree: tree(&TREE), people, items: items(categories) }
}

const CORE: [&str; 4] = ["overall", "flow", "review", "release"];

async fn begun() -> (Harness, tempfile::TempDir) {
    let (t, folder) = with_keys().await;
    t.import_json(&sample()).await;
    t.apply_org(TEAMS).await;
    (t, folder)
}

fn none(_: &str) -> Option<String> {
    None
}

async fn json(t: &Harness, user: Option<&str>, text: &str) -> Value {
    pacer::render::json(&asked(t, user, text).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_people_see_it_at_once_all_others_a_day_later() {
    let (t, _keys) = begun().await;
    let said = async |user: Option<&str>, text: &str| asked(&t, user, text).await.map_or_else(|error| error, |card| card.verdict.text());
    assert_eq!(said(None, "pulse results").await, "No survey has closed yet, so there is no result.");
    // Releasing is the best of it; one in seven is silent.
    let answer = |user: &str, item: &Item| {
        let value =
            if item.category == "release" { [2, 4, 4, 5, 5][usize::from(drawn(user, &item.id, 1)) - 1] } else { drawn(user, &item.id, 1) };
        (!user.ends_with("007") && !user.ends_with("000")).then(|| if item.reversed { 6 - value } else { value })
    };
    hold(&t, &wave("w1", [14, 12, 9], &CORE), answer, none).await;
    let own = said(Some("UPAYMENTS003"), "pulse results team:payments").await;
    assert!(own.starts_with("Payments says ") && own.contains(" of 100 overall (") && own.ends_with("12 of 14 answered."), "{own}");
    for (user, text) in
        [(None, "pulse results"), (Some("U0ANA"), "pulse results team:payments"), (Some("USEARCH001"), "pulse results team:payments")]
    {
        let waits = said(user, text).await;
        assert!(waits.contains("everybody else from 24 Nov 13:00"), "{user:?} {text}: {waits}");
    }
    t.advance(DAY);
    for user in [None, Some("U0ANA"), Some("USEARCH001"), Some("UPAYMENTS003")] {
        assert_eq!(said(user, "pulse results team:payments").await, own, "the same words for whoever sees it");
        assert!(said(user, "pulse results team:all").await.starts_with("Whole organisation says "));
    }
    let all = asked(&t, None, "pulse results").await.unwrap();
    let parts = all.parts_in(Place::Page);
    let groups = parts.into_iter().filter_map(|part| if let Part::Table(table) = part { Some(table) } else { None }).nth(1).unwrap();
    assert!(groups.rows.iter().any(|row| row[0] == "Search" && row[1] == "Code review"), "{groups:?}");
    // The figures of the same team over the same period stand beside what is said.
    let payments = asked(&t, None, "pulse results team:payments").await.unwrap();
    let words = String::from_utf8(outputs(&payments).remove(5).1).unwrap();
    assert!(words.contains("Best: Release ") && words.contains("Beside it: deployment frequency"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_team_folds_in_and_is_named_without_a_figure() {
    let (t, _keys) = begun().await;
    hold(&t, &wave("w1", [14, 12, 3], &CORE), |user, item| Some(drawn(user, &item.id, 1)), none).await;
    t.advance(DAY);
    let answer = json(&t, None, "pulse results").await;
    let suppressed = answer["suppressed"].as_array().unwrap();
    assert!(suppressed.iter().any(|it| it["label"] == "Night Ops" && it["folds_into"] == "Whole organisation"), "{suppressed:?}");
    assert!(answer["cells"].as_array().unwrap().iter().all(|cell| cell["label"] != "Night Ops"));
    // Who asks for it is shown what it is part of.
    let of_ops = asked(&t, None, "pulse results team:ops").await.unwrap();
    let of_all = asked(&t, None, "pulse results team:all").await.unwrap();
    let (said, rest) = (of_ops.verdict.text(), of_all.verdict.text());
    assert!(
        said.starts_with("Night Ops is not shown alone this time") && said.ends_with(&format!("it counts in Whole organisation. {rest}"))
    );
    assert_eq!(of_ops.parts, of_all.parts);
    assert_eq!(json(&t, None, "pulse results team:ops").await["cells"], answer["cells"]);
    let csv = pacer::render::csv(&of_ops);
    assert!(
        csv.starts_with("label,category,n,n_is,score,low,high,band,change,suppressed,folds_into\n")
            && csv.contains("\nNight Ops,,,,,,,,,true,Whole organisation\n")
            && csv.contains(",first time,false,\n"),
        "{csv}"
    );
}

/// Once by what people answered in plain loops, once by the tally in SQL; intervals against what `SciPy` and `NumPy` gave.
#[tokio::test(flavor = "multi_thread")]
async fn scores_and_shares_are_what_another_way_of_counting_gives() {
    let (t, _keys) = begun().await;
    let held = wave("w1", [34, 28, 22], &["overall", "flow", "review", "release", "ci", "debt", "operations", "planning", "pace"]);
    let answer = |user: &str, item: &Item| {
        let silent = user.ends_with("000") || user.ends_with("001") || (drawn(user, &item.id, 9) == 1 && item.id == "ci_fast");
        (!silent).then(|| drawn(user, &item.id, 5))
    };
    hold(&t, &held, answer, none).await;
    t.advance(DAY);
    let said = json(&t, None, "pulse results").await;
    let mut checked = 0;
    for cell in said["cells"].as_array().unwrap() {
        let label = cell["label"].as_str().unwrap();
        let inside = |team: &str| label == "Whole organisation" || TREE.iter().any(|(id, name, _)| *id == team && *name == label);
        let (mut means, mut counts) = (Vec::new(), Vec::new());
        for item in held.items.iter().filter(|item| item.rated() && item.category == cell["category"].as_str().unwrap()) {
            let (mut sum, mut n, mut good, mut neither) = (0_u32, 0_u32, 0_u32, 0_u32);
            for (user, team) in &held.people {
                let Some(value) = answer(user, item).filter(|_| inside(team)) else { continue };
                let value = if item.reversed { 6 - value } else { value };
                sum += u32::from(value);
                n += 1;
                good += u32::from(value >= 4);
                neither += u32::from(value == 3);
            }
            let question = cell["questions"].as_array().unwrap().iter().find(|it| it["id"] == item.id.as_str()).unwrap();
            let [share, middle] = [good, neither].map(|count| f64::from(count) / f64::from(n));
            assert!((question["favourable"].as_f64().unwrap() - share).abs() < 1e-12, "{label} {}", item.id);
            assert!((question["neutral"].as_f64().unwrap() - middle).abs() < 1e-12);
            assert!((question["unfavourable"].as_f64().unwrap() - (1.0 - share - middle)).abs() < 1e-12);
            assert_eq!(question["n"], n);
            means.push(f64::from(sum) / f64::from(n));
            counts.push(n);
            // The same by SQL from what is kept.
            let id = TREE.iter().find(|(_, name, _)| *name == label).unwrap().0;
            let good_values = if item.reversed { "('1', '2')" } else { "('4', '5')" };
            let sql = format!(
                "select cast(coalesce(sum(n), 0) as bigint) from tally where cell_id = '{id}' and item_id = '{}' and value in {good_values}",
                item.id
            );
            assert_eq!(t.database.number(sql.leak()), i64::from(good), "{}", item.id);
        }
        let count = u32::try_from(means.len()).unwrap();
        let expect = means.iter().map(|mean| (mean - 1.0) * 25.0).sum::<f64>() / f64::from(count);
        assert!((cell["score"].as_f64().unwrap() - expect).abs() < 1e-9, "{cell}");
        assert_eq!(cell["n"], *counts.iter().min().unwrap());
        checked += 1;
    }
    assert_eq!(checked, 4 * 9, "nine categories of four cells");
    let scores = said["cells"].as_array().unwrap().iter().filter(|cell| cell["label"] == "Whole organisation");
    let scores: Vec<f64> = scores.map(|cell| cell["score"].as_f64().unwrap()).collect();
    let index = scores.iter().sum::<f64>() / 9.0;
    assert!((said["pulse_index"].as_f64().unwrap() - index).abs() < 1e-9);
}

#[tokio::test(flavor = "multi_thread")]
async fn intervals_are_those_that_were_recorded_from_scipy_and_numpy() {
    let recorded: Value = serde_json::from_str(include_str!("../statistics/oracle.json")).unwrap();
    let enough = |case: &&Value| {
        case["n"].as_u64().unwrap() >= 10 && (2..=case["n"].as_u64().unwrap() - 2).contains(&case["successes"].as_u64().unwrap())
    };
    let case = recorded["wilson_finite"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["population"].as_u64().unwrap() <= 80)
        .filter(|case| case["population"].as_u64().unwrap() >= case["n"].as_u64().unwrap() + 2)
        .find(enough)
        .unwrap();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let (hits, n, population) = (number(&case["successes"]), number(&case["n"]), number(&case["population"]));
    let drawn_case =
        recorded["mean_interval"].as_array().unwrap().iter().find(|case| case["questions"].as_array().unwrap().len() == 1).unwrap();
    let counts: Vec<usize> = drawn_case["questions"][0].as_array().unwrap().iter().map(number).collect();
    let asked_people = number(&drawn_case["population"]);
    let (t, _keys) = begun().await;
    let one = |id: &'static str, population: usize, item: &str| {
        let items = items(&["overall"]).into_iter().filter(|it| it.id == item).collect();
        Held { id, survey: full(), tree: tree(&TREE[..1]), people: people("all", population), items }
    };
    let place = |user: &str| user.trim_start_matches("UALL").parse::<usize>().unwrap();
    let share = |user: &str, _: &Item| (place(user) < n).then(|| if place(user) < hits { 4 } else { 2 });
    hold(&t, &one("w1", population, "overall_satisfied"), share, none).await;
    t.advance(DAY);
    let said = json(&t, None, "pulse results").await;
    let interval = &said["cells"][0]["questions"][0]["interval"];
    for end in 0..2 {
        assert!((interval[end].as_f64().unwrap() - case["interval"][end].as_f64().unwrap()).abs() < 1e-9, "{case} {interval}");
    }
    t.advance(20 * DAY);
    let values: Vec<u8> = counts.iter().zip(1_u8..).flat_map(|(count, value)| vec![value; *count]).collect();
    hold(&t, &one("w2", asked_people, "overall_satisfied"), |user, _| values.get(place(user)).copied(), none).await;
    t.advance(DAY);
    let said = json(&t, None, "pulse results").await;
    let ends = [0, 1]
        .map(|end| (said["cells"][0]["interval"][end].as_f64().unwrap(), (drawn_case["interval"][end].as_f64().unwrap() - 1.0) * 25.0));
    let width = ends[1].1 - ends[0].1;
    assert!(ends.iter().all(|(ours, theirs)| (ours - theirs).abs() < 0.06 * width), "{ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_named_where_it_is_clear_and_of_twenty_or_more() {
    let (t, _keys) = begun().await;
    let sizes = [30, 12, 9];
    // In the direction of the score: 1, 2, 2, 3 or 4.
    let before = |user: &str, item: &Item| Some([1, 2, 2, 3, 4][usize::from(drawn(user, &item.id, 1)) - 1]);
    hold(&t, &wave("w1", sizes, &CORE), |user, item| before(user, item).map(|value| if item.reversed { 6 - value } else { value }), none)
        .await;
    t.advance(90 * DAY);
    // Code review is much better, the others as they were.
    let after =
        |user: &str, item: &Item| before(user, item).map(|value| if item.category == "review" { (value + 2).min(5) } else { value });
    hold(&t, &wave("w2", sizes, &CORE), |user, item| after(user, item).map(|value| if item.reversed { 6 - value } else { value }), none)
        .await;
    t.advance(DAY);
    let change = async |team: &str, category: &str| {
        let said = json(&t, None, &format!("pulse results team:{team}")).await;
        let cells = said["cells"].as_array().unwrap();
        cells.iter().find(|cell| cell["category"] == category).unwrap()["change"].as_str().unwrap().to_owned()
    };
    assert_eq!((change("payments", "review").await, change("payments", "flow").await), ("much better".into(), "no clear change".into()));
    assert_eq!(change("search", "review").await, "no clear change", "twelve are too few to say so");
    let verdict = asked(&t, None, "pulse results team:payments").await.unwrap().verdict.text();
    assert!(verdict.contains("no clear change. Better: Code review."), "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn few_answers_are_read_as_notes_with_their_bounds_and_bands_in_place_of_scores() {
    let (t, _keys) = begun().await;
    // Six of Search's fourteen answer, all of them content; twelve of Payments' thirty, mixed.
    let answer = |user: &str, item: &Item| {
        let at: usize = user[user.len() - 3..].parse().unwrap();
        if user.starts_with("USEARCH") {
            (at < 6).then_some(if item.reversed { 1 } else { 5 })
        } else {
            (at < 12).then(|| drawn(user, &item.id, 3))
        }
    };
    hold(&t, &wave("w1", [30, 14, 0], &CORE), answer, none).await;
    t.advance(DAY);
    let search = json(&t, None, "pulse results team:search").await;
    let own: Vec<&Value> = search["cells"].as_array().unwrap().iter().filter(|cell| cell["label"] == "Search").collect();
    assert!(
        !own.is_empty() && own.iter().all(|cell| cell["score"].is_null() && cell["band"] == "80 to 100 %" && cell["n"] == 6),
        "{own:?}"
    );
    assert!(own.iter().all(|cell| cell["questions"].as_array().unwrap().iter().all(|it| it["favourable"].is_null())));
    let all = asked(&t, None, "pulse results team:all").await.unwrap();
    assert!(all.verdict.text().starts_with("Read as notes: fewer than half answered."), "{}", all.verdict.text());
    let notes: Vec<String> = all.notes.iter().map(pacer::domain::card::Line::text).collect();
    assert!(notes.iter().any(|note| note.contains("If all others were unfavourable, ")), "{notes:?}");
}

async fn posts(t: &Harness, wave: &str) -> BTreeMap<String, (String, Option<String>, Vec<u8>)> {
    let cx = t.app.cx(None).await.unwrap();
    let wave = t.app.store.wave(wave).await.unwrap().unwrap();
    let posts = results::posts(&cx, &wave).await.unwrap();
    let told = posts.into_iter().map(|post| {
        let body = serde_json::to_vec(&pacer::render::message(&post.card)).unwrap();
        (post.key, (post.channel, post.not_before.map(pacer::domain::time::At::rfc3339), body))
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_hears_at_once_its_leads_and_the_organisation_a_day_later_and_an_action_edits_it() {
    let (t, _keys) = begun().await;
    let before = t.app.store.org_version(t.app.store.newest_org().await.unwrap()).await.unwrap();
    let mut org = before.org.clone();
    org.teams.get_mut("payments").unwrap().leads = vec!["U0BEN".into()];
    t.app.store.apply_org(&before, org, t.clock.now()).await.unwrap();
    t.advance(4 * DAY + 4 * HOUR); // Friday 27 Nov at 17:00 in Berlin
    hold(&t, &wave("w1", [14, 12, 9], &CORE), |user, item| Some(drawn(user, &item.id, 1)), none).await;
    let told = posts(&t, "w1").await;
    let keys: Vec<(&str, &str, Option<&str>)> =
        told.iter().map(|(key, (channel, at, _))| (key.as_str(), channel.as_str(), at.as_deref())).collect();
    let monday = Some("2026-11-30T09:00:00Z");
    assert_eq!(
        keys,
        [
            ("survey/w1/leads/payments/U0BEN", "U0BEN", monday),
            ("survey/w1/results/all", "C0GENERAL", monday),
            ("survey/w1/results/payments", "C0PAYMENTS", None),
            ("survey/w1/results/search", "C0SEARCH", None),
        ]
    );
    assert_eq!(told["survey/w1/leads/payments/U0BEN"].2, told["survey/w1/results/payments"].2, "the same bytes");
    assert_eq!(posts(&t, "w1").await, told, "said again it is the same");
    let action = ActionItem {
        id: "a1".into(),
        wave: "w1".into(),
        node: "payments".into(),
        category: "review".into(),
        text: "Two reviewers a day".into(),
        owner: "U0BEN".into(),
        due: "2026-12-11".parse().unwrap(),
        standing: Standing::Open,
        author: "U0ANA".into(),
        why: String::new(),
        settled_on: None,
    };
    t.app.store.keep_action(action).await.unwrap();
    let edited = posts(&t, "w1").await;
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    assert!(text(&edited["survey/w1/results/payments"].2).contains("Two reviewers a day - <@U0BEN>, by 11 Dec (open)"));
    assert_eq!(edited["survey/w1/results/search"], told["survey/w1/results/search"]);
    assert!(text(&told["survey/w1/results/search"].2).contains("\"value\":\"w1 search\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_too_few_answered_that_is_said_once_and_nothing_else() {
    let (t, _keys) = begun().await;
    let few = |user: &str, item: &Item| (user.ends_with("000") || user.ends_with("001")).then(|| drawn(user, &item.id, 1));
    hold(&t, &wave("w1", [14, 0, 0], &CORE), few, none).await;
    let told = posts(&t, "w1").await;
    let to: Vec<(&str, &str)> = told.iter().map(|(key, (channel, ..))| (key.as_str(), channel.as_str())).collect();
    assert_eq!(to, [("survey/w1/leads/none/U0ANA", "U0ANA"), ("survey/w1/results/none", "C0GENERAL")]);
    t.advance(DAY);
    let said = asked(&t, None, "pulse results").await.unwrap().verdict.text();
    assert!(said.starts_with("Too few answered the survey that closed on 23 Nov"), "{said}");
}

async fn pressed(t: &Harness, user: &str, action: &str, value: &str) -> Result<Effect, Failure> {
    let cx = t.app.cx(Some(t.app.asker(user))).await.unwrap();
    features::press(&cx, action, Press { value: value.to_owned(), ..Press::default() }).await
}

fn modal(effect: Effect) -> Vec<Part> {
    match effect {
        Effect::Modal(card) => card.parts,
        other => panic!("a modal: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_read_in_a_modal_and_one_is_hidden() {
    let (t, _keys) = begun().await;
    let said = |user: &str| user.starts_with("UPAY").then(|| format!("<!channel> slow builds, says {user}"));
    hold(&t, &wave("w1", [14, 12, 12], &CORE), |user, item| Some(drawn(user, &item.id, 1)), said).await;
    let card = asked(&t, Some("UPAYMENTS001"), "pulse results team:payments").await.unwrap();
    let button = card.buttons.iter().find(|button| button.label == "Comments").unwrap();
    let texts = |parts: &[Part]| parts.iter().filter(|part| matches!(part, Part::Beside(..) | Part::Text(_))).count();
    let parts = modal(pressed(&t, "UPAYMENTS001", &button.action, &button.value).await.unwrap());
    assert_eq!(texts(&parts), 14);
    let message =
        pacer::render::modal(&pacer::domain::card::Card { title: "x".into(), parts: parts.clone(), ..Default::default() }).to_string();
    assert!(message.contains("&lt;!channel&gt;") && !message.contains("<!channel>"));
    // Within the day nobody else reads them; after it they read and may not hide.
    assert!(matches!(pressed(&t, "USEARCH001", &button.action, &button.value).await, Err(Failure::User(_))));
    let hide = parts.iter().find_map(|part| if let Part::Beside(_, button) = part { Some(button.clone()) } else { None }).unwrap();
    t.advance(DAY);
    let others = modal(pressed(&t, "USEARCH001", &button.action, &button.value).await.unwrap());
    assert!(others.iter().all(|part| !matches!(part, Part::Beside(..))) && texts(&others) == 14);
    assert!(matches!(pressed(&t, "USEARCH001", &hide.action, &hide.value).await, Err(Failure::User(_))));
    assert_eq!(texts(&modal(pressed(&t, "U0ANA", &hide.action, &hide.value).await.unwrap())), 13, "an admin hides one");
    assert!(matches!(pressed(&t, "U0ANA", &hide.action, &hide.value).await, Err(Failure::User(_))), "it is gone");
    assert_eq!(t.database.number("select count(*) from comment where state = 'hidden' and body = ''"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn low_safety_holds_targets_back_until_it_was_talked_about() {
    let (t, _keys) = begun().await;
    // All of it is about 50: what is directed is what was drawn, where the question is turned round.
    let answer = |user: &str, item: &Item| Some(6 - drawn(user, &item.id, 2));
    hold(&t, &wave("w1", [24, 20, 12], &["overall", "metrics"]), answer, none).await;
    let banner =
        async || asked(&t, None, "dora team:payments 30d").await.unwrap().notes.iter().any(|note| note.text().contains("Mind the targets"));
    assert!(!banner().await, "it is the teams' own for a day");
    t.advance(DAY);
    assert!(banner().await);
    let cx = t.app.cx(None).await.unwrap();
    assert!(perception::holds_targets(&cx).await.unwrap().is_some_and(|why| why.contains("under 60")));
    let card = asked(&t, Some("U0ANA"), "pulse perception").await.unwrap();
    let said = card.verdict.text();
    assert!(said.starts_with("Whole organisation: Trust ") && said.contains("Safety "), "{said}");
    assert_eq!(card.buttons.len(), 1);
    assert!(asked(&t, Some("U0BEN"), "pulse perception").await.unwrap().buttons.is_empty());
    // By hand: what is directed counts from 1 to 5.
    let mean = |ids: &[&str]| {
        let people = wave("w1", [24, 20, 12], &[]).people;
        let of = |id: &&str| people.iter().map(|(user, _)| f64::from(drawn(user, id, 2))).sum::<f64>() / 56.0;
        25.0 * (ids.iter().map(of).sum::<f64>() / 3.0 - 1.0)
    };
    let json = pacer::render::json(&card);
    let safety = json["safety"]["score"].as_f64().unwrap();
    let expect = mean(&["metrics_pushed", "metrics_against", "metrics_split"]).round();
    assert!((safety - expect).abs() < 1e-9, "all answered, so it is a whole number: {safety}");
    // The form takes no new target, but other changes.
    let sent = async |targets: &str| {
        let cx = t.app.cx(Some(t.app.asker("U0ANA"))).await.unwrap();
        let state = match features::press(
            &cx,
            "setup_team_chosen",
            Press { value: String::new(), fields: [("which_team".into(), "payments".into())].into() },
        )
        .await
        {
            Ok(Effect::Form(form)) => form.state,
            other => panic!("{other:?}"),
        };
        let fields = [("targets".to_owned(), targets.to_owned())].into();
        features::press(&cx, "setup_team_sent", Press { value: state, fields }).await.unwrap()
    };
    let refused = |effect: &Effect| matches!(effect, Effect::Wrong(_, errors) if errors.iter().any(|(field, _)| field == "targets"));
    assert!(refused(&sent("change_lead_time = 2d\nchange_fail_rate = 5%").await));
    assert!(!refused(&sent("change_lead_time = 2d").await) && !refused(&sent("").await));
    let (action, value) = (&card.buttons[0].action, &card.buttons[0].value);
    assert!(matches!(pressed(&t, "U0BEN", action, value).await, Err(Failure::User(_))), "an admin records it");
    assert!(matches!(pressed(&t, "U0ANA", action, value).await, Ok(Effect::Replace(card)) if card.buttons.is_empty()));
    assert!(!banner().await && !refused(&sent("change_lead_time = 2d\nchange_fail_rate = 5%").await));
}
