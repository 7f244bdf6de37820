//! The sample's surveys: two full waves that are closed, one before Payments improved and one after; what was promised after each; and a
//! pulse of Commerce that is open since the last working day and waits for most. Commerce alone, so that one who tries pacer can launch
//! another: nobody is asked twice in 12 days.
//!
//! Pure: the same seed and day give the same answers. What is made here is what people press, never what comes of it: `pacer demo` casts
//! it through the store, so that groups, bands and what is hidden are as in production. Some teams are shown by counts, some by a band,
//! and some fold: Labs is too small, and who joined or left a small team hides it for a wave.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::calendar::{Calendar, local};
use super::cast::{ADMINS, FIRST, LEADS, PEOPLE, PersonRow, TEAMS};
use super::opinions::{OPINIONS, USUAL, WORDS};
use super::random::Random;
use super::slack_id;
use crate::domain::survey::invite::{NEW_FOR, primary};
use crate::domain::survey::items::{Item, shipped};
use crate::domain::survey::tree::{Team, Tree};
use crate::domain::survey::wave::{Length, questions};
use crate::domain::time::At;

/// Days ago about which the full waves began.
const FULL_DAYS_AGO: [u64; 2] = [190, 95];
/// Days that a full wave is open, after its first.
const FULL_FOR: u64 = 9;
/// Days that the pulse is open, after its first.
const PULSE_FOR: u64 = 7;
/// The root of each wave's tree, above all teams.
const ROOT: (&str, &str) = ("all", "Whole organisation");

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSurveys {
    /// The oldest first; the last is open.
    pub waves: Vec<SampleWave>,
    /// What was promised.
    pub actions: Vec<SampleAction>,
    /// Who set them up: a Slack user id.
    pub created_by: String,
}

/// A wave, and what its people answer.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleWave {
    /// The survey.
    pub survey: &'static str,
    /// Of which length.
    pub kind: Length,
    /// The team whose people it asks; none: everybody.
    pub root: Option<&'static str>,
    /// The survey's title.
    pub title: &'static str,
    /// Its own id.
    pub id: String,
    /// The first day.
    pub opens_on: NaiveDate,
    /// The last day.
    pub closes_on: NaiveDate,
    /// When it closed; none: it is open.
    pub closed_at: Option<At>,
    /// What is asked.
    pub items: Vec<Item>,
    /// The teams.
    pub tree: Tree,
    /// Slack user and node.
    pub invited: Vec<(String, usize)>,
    /// One a person who answered, in no order.
    pub ballots: Vec<SampleBallot>,
}

/// What somebody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleBallot {
    /// Slack user.
    pub user: String,
    /// Question and answer.
    pub ratings: BTreeMap<String, u8>,
    /// Question and words.
    pub texts: BTreeMap<String, String>,
}

/// What was promised after a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleAction {
    /// Its id.
    pub id: &'static str,
    /// After which wave.
    pub wave: String,
    /// For which group.
    pub node: &'static str,
    /// About what.
    pub category: &'static str,
    /// In words.
    pub text: &'static str,
    /// Slack user.
    pub owner: String,
    /// Until when.
    pub due: NaiveDate,
    /// Whether it is done.
    pub done: bool,
}

/// The surveys of the history that ends now.
pub fn surveys(seed: u64, calendar: &Calendar) -> SampleSurveys {
    let mut waves: Vec<SampleWave> = Vec::new();
    for (at, days) in FULL_DAYS_AGO.into_iter().enumerate() {
        let opens_on = calendar.tuesday_ago(days);
        let earlier: Vec<Vec<String>> = waves.iter().map(|wave| categories(&wave.items)).collect();
        let items = questions(Length::Full, &shipped(), &earlier);
        let mut wave = wave(Length::Full, "Quarterly survey", calendar, opens_on, FULL_FOR, items);
        wave.closed_at = Some(local(wave.closes_on, 17));
        answer(&mut wave, &mut Random::stream(seed, &format!("survey {at}")), at, 0.9, &[]);
        waves.push(wave);
    }
    let items = questions(Length::Pulse, &shipped(), &[]);
    let mut pulse = wave(Length::Pulse, "Commerce pulse", calendar, calendar.last_midweek_day(), PULSE_FOR, items);
    narrow(&mut pulse, "pulse-commerce", "commerce");
    let waiting: Vec<&str> = ADMINS.iter().copied().chain([FIRST.0]).collect();
    answer(&mut pulse, &mut Random::stream(seed, "pulse"), 1, 0.4, &waiting);
    waves.push(pulse);
    let actions = vec![
        SampleAction {
            id: "sample-reviews",
            wave: waves[0].id.clone(),
            node: "payments",
            category: "review",
            text: "Changes of at most 200 lines, and a first review on the same day",
            owner: slack_id("u02"),
            due: calendar.date_ago(60),
            done: true,
        },
        SampleAction {
            id: "sample-indexer",
            wave: waves[1].id.clone(),
            node: "search",
            category: "debt",
            text: "A week without features to mend the indexer's worst failures",
            owner: slack_id("u17"),
            due: calendar.date_in(18),
            done: false,
        },
    ];
    SampleSurveys { waves, actions, created_by: slack_id(ADMINS[0]) }
}

fn categories(items: &[Item]) -> Vec<String> {
    let mut all: Vec<String> = items.iter().map(|item| item.category.clone()).collect();
    all.dedup();
    all
}

/// A wave as it was launched that day, with nobody's answer yet.
fn wave(kind: Length, title: &'static str, calendar: &Calendar, opens_on: NaiveDate, open_for: u64, items: Vec<Item>) -> SampleWave {
    let survey = kind.word();
    let days_ago = u64::try_from((calendar.date_ago(0) - opens_on).num_days()).unwrap_or(0);
    let tree = tree(days_ago);
    let invited = PEOPLE.iter().filter_map(|person| Some((slack_id(person.id), node(&tree, person, days_ago)?))).collect();
    SampleWave {
        survey,
        kind,
        root: None,
        title,
        id: format!("{survey}-{opens_on}"),
        opens_on,
        closes_on: opens_on.checked_add_days(Days::new(open_for)).unwrap_or(opens_on),
        closed_at: None,
        items,
        tree,
        invited,
        ballots: Vec::new(),
    }
}

/// Asks the people of one team and of those below it alone.
fn narrow(wave: &mut SampleWave, survey: &'static str, root: &'static str) {
    let (all, nodes) = (&wave.tree, wave.tree.nodes());
    let below = (0..nodes.len()).filter(|node| all.path(*node).any(|at| nodes[at].id == root));
    let parent = |node: usize| nodes[node].parent.map(|parent| nodes[parent].id.clone()).filter(|_| nodes[node].id != root);
    let teams: Vec<Team> = below.map(|node| (nodes[node].id.clone(), nodes[node].name.clone(), parent(node))).collect();
    let tree = Tree::named(&teams).unwrap_or_else(|error| unreachable!("a part of a tree is one: {error}"));
    let invited = wave.invited.iter().filter_map(|(user, node)| Some((user.clone(), tree.find(&nodes[*node].id)?))).collect();
    (wave.survey, wave.root, wave.id) = (survey, Some(root), format!("{survey}-{}", wave.opens_on));
    (wave.tree, wave.invited) = (tree, invited);
}

/// The teams that had anybody that day, and those above them.
fn tree(days_ago: u64) -> Tree {
    let had_people = |team: &str| PEOPLE.iter().any(|person| member_since(person, team, days_ago).is_some());
    let stands = |team: &str| had_people(team) || TEAMS.iter().any(|below| below.parent == Some(team) && had_people(below.id));
    let mut teams: Vec<Team> = vec![(ROOT.0.into(), ROOT.1.into(), None)];
    let below = TEAMS.iter().filter(|team| stands(team.id));
    teams.extend(below.map(|team| (team.id.into(), team.name.into(), Some(team.parent.unwrap_or(ROOT.0).into()))));
    Tree::named(&teams).unwrap_or_else(|error| unreachable!("the sample's teams are a tree: {error}"))
}

/// For how many days somebody had been in a team by that day; none: they were not.
fn member_since(person: &PersonRow, team: &str, days_ago: u64) -> Option<u64> {
    let within = |(id, from, until): &&(&str, Option<u64>, Option<u64>)| {
        *id == team && from.is_none_or(|from| days_ago <= from) && until.is_none_or(|until| days_ago > until)
    };
    person.teams.iter().find(within).map(|(_, from, _)| from.map_or(u64::MAX, |from| from - days_ago))
}

/// Where somebody counts; none: they are not asked. Who joined lately is not, nor is who was about to leave and already away.
fn node(tree: &Tree, person: &PersonRow, days_ago: u64) -> Option<usize> {
    let since: Vec<(&str, u64)> = TEAMS.iter().filter_map(|team| Some((team.id, member_since(person, team.id, days_ago)?))).collect();
    if !since.is_empty() && person.teams.iter().all(|(_, _, until)| until.is_some()) {
        return None;
    }
    let first = person.teams.first().and_then(|(_, from, _)| *from);
    if first.is_some_and(|from| from < days_ago + NEW_FOR) {
        return None;
    }
    let leads = |team: &str| LEADS.contains(&(team, person.id));
    let led =
        LEADS.iter().filter(|(team, lead)| *lead == person.id && !since.iter().any(|(id, _)| id == team)).map(|(team, _)| (*team, true));
    let teams: Vec<(&str, bool)> = since.iter().map(|(team, _)| (*team, leads(team))).chain(led).collect();
    primary(tree, &teams)
}

/// Everybody answers with that probability, but for those who are kept waiting; `time` is 0 in the first wave and 1 in what comes after.
fn answer(wave: &mut SampleWave, random: &mut Random, time: usize, probability: f64, waiting: &[&str]) {
    let waiting: Vec<String> = waiting.iter().map(|person| slack_id(person)).collect();
    let mut said: Vec<(&str, &str, &str)> = WORDS
        .iter()
        .filter(|(of, ..)| *of == time && wave.closed_at.is_some())
        .map(|(_, team, item, words)| (*team, *item, *words))
        .collect();
    for (user, _) in &wave.invited {
        // Drawn for everybody, so that one who is asked or not moves nobody else's answers.
        let (answers, lean) = (random.chance(probability), random.normal() * 0.25);
        let team = team_of(user);
        let ratings = wave.items.iter().filter(|item| item.rated());
        let rating = |item: &Item| {
            let mean = OPINIONS.iter().find(|it| it.team == team && it.category == item.category);
            let mean = mean.map_or(USUAL, |it| if time == 0 { it.before } else { it.after });
            (item.id.clone(), rated(item, mean + lean + random.normal() * 0.8))
        };
        let ratings: BTreeMap<String, u8> = ratings.map(rating).collect();
        if !answers || waiting.contains(user) {
            continue;
        }
        let mut texts = BTreeMap::new();
        if let Some(at) = said.iter().position(|(of, item, _)| *of == team && wave.items.iter().any(|known| known.id == *item)) {
            let (_, item, words) = said.remove(at);
            texts.insert(item.to_owned(), words.to_owned());
        }
        wave.ballots.push(SampleBallot { user: user.clone(), ratings, texts });
    }
}

/// The team whose opinions somebody shares: the one they are in now, or were in last.
fn team_of(user: &str) -> &'static str {
    let person = PEOPLE.iter().find(|person| slack_id(person.id) == user);
    person.and_then(|person| person.teams.last()).map_or("", |(team, ..)| *team)
}

/// An answer of that height, as it is given.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1 to 5")]
fn rated(item: &Item, height: f64) -> u8 {
    let good = height.round().clamp(1.0, 5.0) as u8;
    if item.reversed { 6 - good } else { good }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Minima;
    use crate::domain::survey::release::{History, members};
    use crate::domain::survey::score::{directed, favourable};
    use crate::domain::survey::seal::Answers;
    use crate::domain::survey::tally::{Kept, Opened, Rules, Tally, tally};

    fn sample(now: &str) -> SampleSurveys {
        surveys(1, &Calendar::new(At::parse(now).unwrap()))
    }

    /// As the store adds a wave up.
    fn added_up(wave: &SampleWave, past: &History) -> Tally {
        let rules = Rules { minima: Minima::default(), strict_membership: true, items: wave.items.clone() };
        let node = |user: &str| wave.invited.iter().find(|(known, _)| known == user).map(|(_, node)| *node).unwrap();
        let opened = |ballot: &SampleBallot| {
            let mut answers = Answers::blank();
            for (at, item) in rules.rated().enumerate() {
                assert!(answers.set(at, ballot.ratings.get(&item.id).copied()));
            }
            let comments = ballot.texts.iter().map(|(item, text)| (item.clone(), zeroize::Zeroizing::new(text.clone()))).collect();
            Opened { node: node(&ballot.user), answers, comments }
        };
        let ballots: Vec<Opened> = wave.ballots.iter().map(opened).collect();
        tally(&rules, &wave.tree, &wave.invited, &ballots, past, || 7)
    }

    fn shown(tally: &Tally) -> Vec<&str> {
        tally.cells.iter().map(|cell| cell.id.as_str()).collect()
    }

    #[test]
    fn some_groups_are_shown_by_counts_some_by_a_band_and_some_fold() {
        for now in ["2026-11-24T04:17:31Z", "2026-07-01T12:00:00Z", "2027-01-02T12:00:00Z"] {
            let all = sample(now);
            let first = added_up(&all.waves[0], &History::new());
            let history = |wave: &SampleWave, tally: &Tally| -> History {
                let shown: Vec<bool> = wave.tree.nodes().iter().map(|node| tally.cells.iter().any(|cell| cell.id == node.id)).collect();
                let past = members(&wave.tree, &wave.invited, &shown);
                past.into_iter()
                    .enumerate()
                    .filter(|(at, _)| shown[*at])
                    .map(|(at, past)| (wave.tree.nodes()[at].id.clone(), past))
                    .collect()
            };
            let second = added_up(&all.waves[1], &history(&all.waves[0], &first));
            let of = |tally: &Tally, cell: &str, item: &str| {
                tally.rows.iter().find(|row| row.cell == cell && row.item == item).map(|row| row.kept)
            };
            for tally in [&first, &second] {
                for cell in ["all", "commerce", "payments", "checkout", "search"] {
                    assert!(shown(tally).contains(&cell), "{now} {cell} {:?}", shown(tally));
                }
                assert!(
                    matches!(of(tally, "all", "review_soon").or(of(tally, "all", "overall_good_work")), Some(Kept::Counts(_))),
                    "{now}"
                );
                assert!(matches!(of(tally, "payments", "overall_satisfied"), Some(Kept::Band { .. })), "{now}");
                assert!(tally.comments.len() > 6, "{now}");
            }
            assert!(shown(&first).contains(&"platform") && !shown(&second).contains(&"platform"), "who moved away folds it: {now}");
            // Payments thinks better of it, Search worse.
            let share = |wave: &SampleWave, team: &str| {
                let (mut hits, mut n) = (0, 0);
                for ballot in wave.ballots.iter().filter(|ballot| team_of(&ballot.user) == team) {
                    for item in wave.items.iter().filter(|item| item.category == "release" || item.category == "overall") {
                        if let Some(value) = ballot.ratings.get(&item.id) {
                            let mut ratings = [0; 5];
                            ratings[usize::from(*value) - 1] = 1;
                            hits += favourable(&directed(item, ratings));
                            n += 1;
                        }
                    }
                }
                f64::from(u32::try_from(hits).unwrap()) / f64::from(n)
            };
            let moved = |team: &str| share(&all.waves[1], team) - share(&all.waves[0], team);
            assert!(moved("payments") > 0.3 && moved("search") < -0.3, "{now} {} {}", moved("payments"), moved("search"));
        }
    }

    #[test]
    fn the_pulse_is_open_and_waits_for_whom_the_sandbox_begins_as() {
        for now in ["2026-11-24T04:17:31Z", "2026-11-22T12:00:00Z", "2027-01-02T12:00:00Z", "2026-04-06T08:00:00Z"] {
            let (all, today) = (sample(now), At::parse(now).unwrap().utc().date_naive());
            let pulse = all.waves.last().unwrap();
            assert!(pulse.closed_at.is_none() && pulse.opens_on < today && pulse.closes_on >= today, "{now} {}", pulse.opens_on);
            assert!(pulse.items.len() == 3 && (3..25).contains(&pulse.ballots.len()), "{now} {}", pulse.ballots.len());
            let user = slack_id(FIRST.0);
            assert!(pulse.invited.iter().any(|(known, _)| *known == user) && pulse.ballots.iter().all(|ballot| ballot.user != user));
            assert!((8..20).contains(&pulse.invited.len()) && pulse.tree.nodes()[0].id == "commerce", "{now} {}", pulse.invited.len());
            assert_eq!(sample(now), all, "the same again");
            let apart = all.waves.windows(2).all(|two| two[0].closes_on < two[1].opens_on);
            assert!(apart && all.waves[0].items.len() > 20, "{now}");
            let names: Vec<&str> = PEOPLE.iter().flat_map(|person| person.name.split(' ')).collect();
            let words = all.waves.iter().flat_map(|wave| &wave.ballots).flat_map(|ballot| ballot.texts.values());
            assert!(words.flat_map(|text| text.split_whitespace()).all(|word| !names.contains(&word)), "comments name nobody");
        }
    }
}
