//! What a digest says of a team and when it keeps quiet, and how each template reads.

use std::collections::BTreeMap;

use super::card::{Said, card, details};
use super::change::{Family, Outcome};
use super::compute::{Digest, Told, compute};
use super::facts::{Facts, Kept};
use super::settings::Template;
use super::simulation::{TO, Team, digest, facts, flow_pool, of, pool};
use crate::domain::card::Tone;
use crate::domain::derive::day::{Packed, PackedRecovery};
use crate::domain::flow::ItemSpan;
use crate::domain::time::{DAY, HOUR, WEEK};
use crate::render::blocks::{message, tests::check_limits};
use crate::render::text;

/// A team that got slower and fails more, with targets.
fn worse() -> Facts {
    let facts = facts(Team { pace: 12.0, autocorrelation: 0.2, slower: 4.0, fails: 0.6 }, 5);
    let told = digest(&facts);
    assert!(told.changes.len() >= 2, "{:?}", told.changes);
    Facts { unreviewed: 7, silent: vec![("github".into(), "github is silent for 5 working days".into())], ..facts }
}

fn kept() -> Kept {
    Kept { dora: "7f3a9c2k".into(), flow: "8g4b0d3m".into(), dora_before: Some("9h5c1e4n".into()), flow_before: None }
}

/// Deployments, one a day up to the digest, the last `failed` of which failed and took so many hours to recover.
fn deploying(days: i64, failed: i64, recovery: PackedRecovery) -> Facts {
    let deployment = |n: i64| Packed {
        at: TO.0 - n * DAY - HOUR,
        leads: vec![20 * HOUR + n % 5 * HOUR / 4],
        failed: n < failed,
        recovery: if n < failed { recovery } else { PackedRecovery::None },
        ..Packed::default()
    };
    let deployments = (0..days).rev().map(deployment).collect();
    of(&crate::domain::pool::Pool { deployments, ..pool() }, &flow_pool(), &BTreeMap::new())
}

fn looks(facts: &Facts) -> Vec<String> {
    digest(facts).looks.into_iter().map(|look| look.text).collect()
}

#[test]
fn what_needs_a_look_is_counted_and_names_nobody() {
    let check = |facts: &Facts, expect: &[&str]| assert_eq!(looks(facts), expect);
    let steady = || deploying(120, 0, PackedRecovery::None);
    check(&steady(), &[]);
    check(&deploying(120, 1, PackedRecovery::Open), &["1 failed deployment is not recovered yet, for 1 h"]);
    check(&deploying(120, 3, PackedRecovery::Open), &["3 failed deployments are not recovered yet, the oldest for 2 days"]);
    check(&Facts { unreviewed: 1, ..steady() }, &[]);
    check(&Facts { unreviewed: 4, ..steady() }, &["4 changes have waited for a first review for more than 2 working days"]);
    let silent = vec![("jira".to_owned(), "jira is silent for 4 working days".to_owned())];
    check(&Facts { silent, ..steady() }, &["jira is silent for 4 working days, so the figures may lack what it knows: `/metrics health`"]);
    // Ten items that took a day each, and five in progress for three.
    let done = (0..10).map(|n| ItemSpan { started_at: Some(TO.plus(-(n + 2) * DAY)), done_at: Some(TO.plus(-(n + 1) * DAY)) });
    let open = (0..5).map(|_| ItemSpan { started_at: Some(TO.plus(-3 * DAY)), done_at: None });
    let flows = crate::domain::flow::FlowPool { items: done.chain(open).collect(), ..flow_pool() };
    check(&of(&pool(), &flows, &BTreeMap::new()), &["5 of 5 items in progress are older than 85 % of finished ones took"]);
    let targets = [("deployment_frequency".to_owned(), 20.0), ("change_lead_time".to_owned(), 86_400.0)].into();
    let deployments = (0..120).rev().map(|n| Packed { at: TO.0 - n * DAY - HOUR, leads: vec![20 * HOUR; 3], ..Packed::default() });
    let aimed = of(&crate::domain::pool::Pool { deployments: deployments.collect(), ..pool() }, &flow_pool(), &targets);
    check(&aimed, &["Deployment frequency misses the team's target: 7 a week, aimed at 2.9 a day or more (28 deployments)"]);
}

#[test]
fn a_thing_is_told_once_and_again_after_four_weeks_or_when_it_turns() {
    let facts = worse();
    let (first, told) = compute(&facts, &Told::default(), TO);
    assert!(first.is_news(&[Family::Dora]) && first.still.is_empty() && first.looks.iter().all(|look| look.news));
    let (again, told) = compute(&facts, &told, TO.plus(WEEK));
    assert_eq!((again.changes.len(), again.still.clone(), again.looks.iter().any(|look| look.news)), (0, first.changes.clone(), false));
    assert!(!again.is_news(&[Family::Dora, Family::Flow]));
    assert_eq!(again.quiet(), "Nothing new: what was told before still holds.");
    // What still needs a look is news again after four weeks; a change that holds never is.
    let (later, _) = compute(&facts, &told, TO.plus(4 * WEEK));
    assert!(later.looks.iter().all(|look| look.news) && later.changes.is_empty());
    // The other way round it is a change of its own.
    let turned = told.changes.iter().map(|(id, (good, at))| (id.clone(), (!good, *at))).collect();
    let (other, _) = compute(&facts, &Told { changes: turned, ..told.clone() }, TO.plus(WEEK));
    assert_eq!(other.changes, first.changes);
    // One that comes and goes around the limit is not told each time; after four weeks without it is.
    let steady = deploying(120, 0, PackedRecovery::None);
    let (_, gone) = compute(&steady, &told, TO.plus(2 * WEEK));
    assert_eq!(gone.changes, told.changes);
    let (_, forgotten) = compute(&steady, &told, TO.plus(6 * WEEK));
    assert!(forgotten.changes.is_empty());
}

#[test]
fn a_verdict_on_an_improvement_is_told_once() {
    let quiet = deploying(120, 0, PackedRecovery::None);
    let verdicts = vec![("abcdefgh/change_lead_time/Taking hold".to_owned(), "Smaller batches · Taking hold: 4.1 days".to_owned())];
    let held = Facts { verdicts, ..quiet.clone() };
    let (first, told) = compute(&held, &Told::default(), TO);
    assert!(first.is_news(&[Family::Dora]) && first.verdicts == ["Smaller batches · Taking hold: 4.1 days"]);
    let shown = text(&card(Template::Team, &[Said { facts: &held, digest: &first, kept: &kept() }], "").expect("a card"), false, 100);
    assert!(shown.contains("Is it taking hold?") && shown.contains("Smaller batches · Taking hold"), "{shown}");
    let (again, told) = compute(&held, &told, TO.plus(WEEK));
    assert!(again.verdicts.is_empty() && !again.is_news(&[Family::Dora, Family::Flow]));
    // Gone for a week and back: told already. Gone for four: it is news.
    let (_, gone) = compute(&quiet, &told, TO.plus(2 * WEEK));
    assert!(compute(&held, &gone, TO.plus(3 * WEEK)).0.verdicts.is_empty());
    assert_eq!(compute(&held, &gone, TO.plus(6 * WEEK)).0.verdicts.len(), 1);
}

#[test]
fn what_the_team_noted_of_a_change_stands_below_it() {
    let noted = |metric: &str, said: &str| (vec!["wip".to_owned(), metric.to_owned()], said.to_owned());
    let all = vec![
        noted("change_lead_time", "Payments noted on 10 Feb: an older one"),
        noted("change_lead_time", "Payments noted on 20 Feb: a freeze for <!channel>"),
        noted("deployment_frequency", "of nothing that changed"),
    ];
    let facts = Facts { noted: all, ..worse() };
    let (digest, kept) = (digest(&facts), kept());
    let said = Said { facts: &facts, digest: &digest, kept: &kept };
    let shown = text(&card(Template::Team, &[said], "").expect("a card"), false, 100);
    let lines: Vec<&str> = shown.lines().skip_while(|line| *line != "What changed").take(4).collect();
    assert!(lines[1].contains("Change lead time") && lines[3].contains("Change fail rate"), "{shown}");
    assert_eq!(lines[2], "- Payments noted on 20 Feb: a freeze for <!channel>");
    assert!(!shown.contains("older one") && !shown.contains("of nothing"), "{shown}");
}

#[test]
fn a_quiet_week_says_why() {
    let none = of(&pool(), &flow_pool(), &BTreeMap::new());
    let check = |facts: &Facts, expect: &str| {
        let digest = digest(facts);
        assert!(!digest.is_news(&[Family::Dora, Family::Flow]));
        assert_eq!(digest.quiet(), expect);
    };
    check(&none, "There is no data of these weeks yet.");
    check(&deploying(120, 0, PackedRecovery::None), "Nothing changed by more than chance, and nothing needs a look.");
}

#[test]
fn the_team_is_thanked_for_one_thing() {
    let check = |facts: &Facts, told: &Told, expect: Option<&str>| {
        let thanks = compute(facts, told, TO).0.thanks.map(|(_, text)| text);
        assert_eq!(thanks.as_deref(), expect);
    };
    let nothing = Told::default();
    check(&deploying(120, 0, PackedRecovery::None), &nothing, Some("Payments had no failed deployment in 28."));
    check(&deploying(120, 3, PackedRecovery::After(HOUR)), &nothing, None);
    let targets = [("change_lead_time".to_owned(), 7.0 * 86_400.0)].into();
    let deployments = (0..120).rev().map(|n| Packed { at: TO.0 - n * DAY - HOUR, leads: vec![20 * HOUR; 3], ..Packed::default() });
    let met = of(&crate::domain::pool::Pool { deployments: deployments.collect(), ..pool() }, &flow_pool(), &targets);
    let before = |status: &str| Told { targets: [("change_lead_time".to_owned(), status.to_owned())].into(), ..Told::default() };
    check(&met, &before("missed"), Some("Payments meets its target for change lead time now: 20 h."));
    check(&met, &before("met"), Some("Payments had no failed deployment in 28."));
    let faster = facts(Team { slower: 0.2, ..Team::steady(12.0, 0.2) }, 5);
    let thanks = digest(&faster).thanks.expect("it got better").1;
    assert!(thanks.starts_with("Payments brought ") && thanks.contains(" from "), "{thanks}");
}

#[test]
fn the_question_is_of_what_moved_together_else_of_the_clearest() {
    let question = |facts: &Facts| digest(facts).question;
    assert_eq!(
        question(&worse()).as_deref(),
        Some("Delivery got slower and less safe at the same time. What takes the team's time between merge and a healthy release?")
    );
    assert_eq!(question(&deploying(120, 0, PackedRecovery::None)), None);
    let waiting = Facts { unreviewed: 4, ..deploying(120, 0, PackedRecovery::None) };
    assert_eq!(question(&waiting).as_deref(), Some("Would an agreement on when we look at each other's changes help?"));
}

#[test]
fn figures_with_too_few_data_are_not_judged() {
    let few = digest(&deploying(3, 0, PackedRecovery::None));
    let outcome = |digest: &Digest, id: &str| digest.of(id).map(|it| it.outcome.clone());
    assert_eq!(outcome(&few, "change_lead_time"), Some(Outcome::Unknown));
    let many = digest(&deploying(120, 0, PackedRecovery::None));
    assert_eq!(outcome(&many, "change_lead_time"), Some(Outcome::Same));
    assert_eq!(outcome(&many, "wip"), Some(Outcome::Unknown), "what is counted at an instant is not judged");
    assert_eq!(outcome(&many, "ai_assisted_share"), None, "neither way is better");
    assert_eq!(worse().dora.now.metrics.len() + worse().flow.now.metrics.len(), 17);
    assert!(digest(&worse()).judged.iter().any(|it| it.tone() == Tone::Bad));
}

#[test]
fn each_template_reads_well_and_fits() {
    let facts = worse();
    let (digest, kept) = (digest(&facts), kept());
    let said = |facts| Said { facts, digest: &digest, kept: &kept };
    for (template, word, _) in Template::ALL {
        let card = card(template, &[said(&facts)], "1a2b3c4d").expect("a card");
        check_limits(&message(&card));
        insta::assert_snapshot!(word, text(&card, false, 100));
    }
    check_limits(&message(&details(&said(&facts))));
    insta::assert_snapshot!("details", text(&details(&said(&facts)), false, 100));
}

#[test]
fn leadership_sees_each_team_against_itself_by_name_and_no_ranking() {
    let (slow, fast) = (worse(), Facts { name: "Search".into(), ..facts(Team { slower: 0.2, ..Team::steady(12.0, 0.2) }, 5) });
    let steady = Facts { name: "Web".into(), ..deploying(120, 0, PackedRecovery::None) };
    let digests: Vec<Digest> = [&slow, &fast, &steady].map(digest).to_vec();
    let kept = kept();
    let said: Vec<Said<'_>> =
        [&slow, &fast, &steady].into_iter().zip(&digests).map(|(facts, digest)| Said { facts, digest, kept: &kept }).collect();
    let card = card(Template::Leadership, &said, "1a2b3c4d").expect("a card");
    check_limits(&message(&card));
    let shown = text(&card, false, 100);
    for word in ["best", "worst", "rank", "last place"] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
    insta::assert_snapshot!("portfolio", shown);
}

#[test]
fn leadership_hears_of_thin_focus_in_one_line_and_teams_hear_nothing_of_it_here() {
    let spread =
        |name: &str| Facts { spread: Some(format!("{name} works on about five projects")), ..deploying(120, 0, PackedRecovery::None) };
    let (one, other) = (spread("Search"), spread("Web"));
    let (digests, kept) = ([&one, &other].map(digest), kept());
    let said: Vec<Said<'_>> = [&one, &other].into_iter().zip(&digests).map(|(facts, digest)| Said { facts, digest, kept: &kept }).collect();
    let shown = |template| text(&card(template, &said, "1a2b3c4d").expect("a card"), false, 100);
    let leadership = shown(Template::Leadership);
    assert!(leadership.contains("Search works on about five projects; and 1 other team: /metrics focus"), "{leadership}");
    assert!(!shown(Template::Team).contains("five projects"));
}

#[test]
fn names_that_are_hostile_or_long_still_fit() {
    let facts = Facts { name: "<!channel> & `x` ".repeat(40), ..worse() };
    let (digest, kept) = (digest(&facts), kept());
    let said: Vec<Said<'_>> = (0..12).map(|_| Said { facts: &facts, digest: &digest, kept: &kept }).collect();
    for (template, ..) in Template::ALL {
        let posted = message(&card(template, &said, "1a2b3c4d").expect("a card"));
        check_limits(&posted);
        assert!(!posted.to_string().contains("<!channel>"), "{posted}");
    }
}
