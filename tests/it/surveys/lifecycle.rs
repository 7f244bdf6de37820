//! A wave from launch to forgetting.

use pacer::domain::survey::tally::Kept;
use pacer::domain::survey::wave::Length;
use pacer::store::survey::{State, Stored};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_is_launched_answered_edited_and_closed() {
    let place = Place::new().await;
    let asked = [people("payments", 12), people("search", 6), people("ops", 3)].concat();
    place.launch("w1", "2026-11-24", &asked).await;
    for (at, (user, _)) in asked.iter().enumerate() {
        let answers = saying(marked(|_| [2, 4, 5][at % 3]), &format!("Slow reviews {at}"));
        assert_eq!(place.answer("w1", user, answers).await, Ok(()));
    }
    // One takes an answer back, one changes another and drops the comment.
    let first = &asked[0].0;
    let back = Marked { ratings: BTreeMap::from([("overall_satisfied".into(), None)]), texts: BTreeMap::new() };
    assert_eq!(place.answer("w1", first, back).await, Ok(()));
    let other = Marked { ratings: BTreeMap::from([("overall_good_work".into(), Some(1))]), texts: BTreeMap::new() };
    assert_eq!(place.answer("w1", &asked[1].0, saying(other, "")).await, Ok(()));
    let mine = place.store.marked(&place.keys, "w1", first).await.unwrap().unwrap();
    assert!(
        !mine.ratings.contains_key("overall_satisfied")
            && mine.ratings["overall_good_work"] == Some(2)
            && mine.texts["overall_slowed"].as_str() == "Slow reviews 0"
    );
    place.close("w1").await;
    let tally = place.store.tally("w1").await.unwrap();
    let of = |cell: &str, item: &str| tally.iter().find(|row| row.cell == cell && row.item == item).map(|row| row.kept);
    // 21 asked, of each 7 gave 2, 4 and 5; one took a 2 back, one changed a 4 to 1. Ops has three, so the smallest other team folds in.
    assert_eq!(of("all", "overall_satisfied"), Some(Kept::Counts([0, 6, 0, 7, 7])));
    assert_eq!(of("all", "overall_good_work"), Some(Kept::Counts([1, 7, 0, 6, 7])));
    assert!(
        of("payments", "overall_satisfied").is_some()
            && of("search", "overall_satisfied").is_none()
            && of("ops", "overall_satisfied").is_none()
    );
    assert_eq!(place.database.texts("select body from comment where body = 'Slow reviews 1'"), Vec::<String>::new());
    assert_eq!((place.database.count("comment"), place.database.count("ballot"), place.database.count("ballot_text")), (20, 0, 0));
    let wave = place.store.wave("w1").await.unwrap().unwrap();
    assert!(wave.state == State::Closed && wave.cleaned && !place.key_file("w1").exists());
    assert_eq!(place.answer("w1", first, marked(|_| 5)).await, Err(Refusal::NotOpen));
    place.close("w1").await;
    assert_eq!(place.store.tally("w1").await.unwrap(), tally, "again does no harm");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_asked_and_what_is_no_answer_is_refused_and_nothing_is_stored() {
    let place = Place::new().await;
    place.launch("w1", "2026-11-24", &people("payments", 5)).await;
    let one = |item: &str, value: u8| Marked { ratings: BTreeMap::from([(item.to_owned(), Some(value))]), texts: BTreeMap::new() };
    assert_eq!(place.answer("w1", "UOTHER", marked(|_| 5)).await, Err(Refusal::NotInvited));
    assert_eq!(place.answer("w2", "UPAYMENTS000", marked(|_| 5)).await, Err(Refusal::Unknown));
    assert_eq!(place.answer("w1", "UPAYMENTS000", one("overall_satisfied", 6)).await, Err(Refusal::NoSuchQuestion));
    assert_eq!(place.answer("w1", "UPAYMENTS000", one("nothing", 3)).await, Err(Refusal::NoSuchQuestion));
    assert_eq!(place.answer("w1", "UPAYMENTS000", saying(marked(|_| 1), &"x".repeat(10_000))).await, Err(Refusal::TooLong));
    assert_eq!((place.database.count("ballot"), place.database.count("ballot_text")), (0, 0));
    let again = place.store.launch_wave(&place.keys, new_wave("w1", "2026-11-24", &people("payments", 5))).await.unwrap();
    assert_eq!(again, Err(Refusal::Launched));
    assert!(place.store.launch_wave(&place.keys, new_wave("w3", "2026-11-24", &[])).await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_of_three_shows_nothing() {
    let place = Place::new().await;
    place.launch("w1", "2026-11-24", &people("payments", 3)).await;
    for (user, _) in people("payments", 3) {
        assert_eq!(place.answer("w1", &user, saying(marked(|_| 5), MARK)).await, Ok(()));
    }
    place.close("w1").await;
    assert_eq!((place.database.count("cell"), place.database.count("tally"), place.database.count("comment")), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_without_its_key_takes_nothing_and_is_void_after_seven_days() {
    let place = Place::new().await;
    place.launch("w1", "2026-11-24", &people("payments", 6)).await;
    assert_eq!(place.answer("w1", "UPAYMENTS000", marked(|_| 5)).await, Ok(()));
    let (key, aside) = (place.key_file("w1"), place.database.folder.path().join("aside"));
    std::fs::rename(&key, &aside).unwrap();
    assert_eq!(place.answer("w1", "UPAYMENTS001", marked(|_| 5)).await, Err(Refusal::Suspended));
    assert_eq!(place.store.close_wave(&place.keys, "w1", NOW).await.unwrap(), Err(Refusal::Suspended));
    let told = place.store.tend_waves(&place.keys, day("2026-11-25"), NOW).await.unwrap();
    assert!(
        told.len() == 1 && told[0].sentence.contains("is suspended since 2026-11-25") && told[0].sentence.contains("before 2026-12-02"),
        "{told:?}"
    );
    // Put back, it goes on.
    std::fs::rename(&aside, &key).unwrap();
    assert_eq!(place.store.tend_waves(&place.keys, day("2026-11-26"), NOW).await.unwrap(), []);
    assert_eq!(place.answer("w1", "UPAYMENTS001", marked(|_| 5)).await, Ok(()));
    std::fs::rename(&key, &aside).unwrap();
    place.store.tend_waves(&place.keys, day("2026-11-27"), NOW).await.unwrap();
    assert_eq!(place.store.tend_waves(&place.keys, day("2026-12-03"), NOW).await.unwrap().len(), 1);
    assert_eq!(place.store.tend_waves(&place.keys, day("2026-12-04"), NOW).await.unwrap(), []);
    let wave = place.store.wave("w1").await.unwrap().unwrap();
    assert_eq!((wave.state, wave.cleaned, place.database.count("ballot")), (State::Void, true, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_may_read_stops_the_wave_but_never_ends_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new().await;
    place.launch("w1", "2026-11-24", &people("payments", 6)).await;
    std::fs::set_permissions(place.key_file("w1"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(place.store.cast(&place.keys, "w1", "UPAYMENTS000", marked(|_| 5)).await.is_err());
    for today in ["2026-11-25", "2026-12-25"] {
        let told = place.store.tend_waves(&place.keys, day(today), NOW).await.unwrap();
        assert!(told[0].sentence.contains("others may read the survey key"), "{told:?}");
    }
    assert_eq!(place.store.wave("w1").await.unwrap().unwrap().state, State::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_stopped_after_any_step_goes_on_by_itself() {
    for steps in 0..=2 {
        let place = Place::new().await;
        place.launch("w1", "2026-11-24", &people("payments", 12)).await;
        for (at, (user, _)) in people("payments", 12).iter().enumerate() {
            assert_eq!(place.answer("w1", user, saying(marked(|_| [2, 4, 5][at % 3]), "Slow")).await, Ok(()));
        }
        if steps >= 1 {
            assert_eq!(place.store.begin_close(&place.keys, "w1").await.unwrap(), Ok(()));
            assert_eq!(place.answer("w1", "UPAYMENTS000", marked(|_| 1)).await, Err(Refusal::NotOpen));
        }
        if steps >= 2 {
            assert_eq!(place.store.tally_wave(&place.keys, "w1", NOW).await.unwrap(), Ok(()));
            assert!(place.key_file("w1").exists(), "the key goes last");
        }
        assert_eq!((place.database.count("ballot"), place.database.count("tally") > 0), (if steps < 2 { 12 } else { 0 }, steps == 2));
        place.store.close().await;
        let (store, keys) = open(&place.database).await;
        assert_eq!(store.tend_waves(&keys, day("2026-11-30"), NOW).await.unwrap(), []);
        let wave = store.wave("w1").await.unwrap().unwrap();
        assert_eq!((wave.state, wave.cleaned), if steps == 0 { (State::Open, false) } else { (State::Closed, true) });
        assert_eq!((place.key_file("w1").exists(), place.database.count("ballot")), if steps == 0 { (true, 12) } else { (false, 0) });
        store.close().await;
    }
}

/// A file system in memory with room for one page, where this process may mount one.
struct Full(PathBuf);

impl Full {
    fn mount(path: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let mounted = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=4k,mode=700", "tmpfs"]).arg(&path).status();
        let full = mounted.is_ok_and(|status| status.success()).then_some(Self(path))?;
        std::fs::write(full.0.join("filler"), [1; 4096]).unwrap();
        Some(full)
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_whose_key_finds_no_room_is_none() {
    let place = Place::new().await;
    let Some(full) = Full::mount(place.database.folder.path().join("full")) else {
        println!("the full disk is skipped: this machine lets nobody mount a small one");
        return;
    };
    let keys = KeyDir::open(&full.0).unwrap();
    let said = |error: anyhow::Error| format!("{error:#}");
    assert!(keys.check().is_err_and(|error| said(error).contains("is full: free some space")));
    let wave = || new_wave("w1", "2026-11-24", &people("payments", 6));
    let launched = place.store.launch_wave(&keys, wave()).await;
    assert!(launched.is_err_and(|error| said(error).contains("is full: free some space")));
    assert_eq!((place.store.wave("w1").await.unwrap(), place.database.count("invite")), (None, 0));
    std::fs::remove_file(full.0.join("filler")).unwrap();
    assert_eq!(place.store.launch_wave(&keys, wave()).await.unwrap(), Ok(()));
    assert_eq!(place.store.cast(&keys, "w1", "UPAYMENTS000", marked(|_| 3)).await.unwrap(), Ok(()));
}

/// `cargo test --test it measured -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_wave_of_ten_thousand_measured() {
    let place = Place::new().await;
    let teams: Vec<(String, Option<String>)> = std::iter::once(("all".to_owned(), None))
        .chain((0..40).map(|tribe| (format!("t{tribe}"), Some("all".to_owned()))))
        .chain((0..1_000).map(|team| (format!("t{}.{team}", team % 40), Some(format!("t{}", team % 40)))))
        .collect();
    let teams: Vec<(&str, Option<&str>)> = teams.iter().map(|(id, parent)| (id.as_str(), parent.as_deref())).collect();
    let mut wave = new_wave("w1", "2026-11-24", &[]);
    wave.rules.items = pacer::domain::survey::wave::questions(pacer::domain::survey::wave::Length::Full, &shipped(), &[]);
    wave.tree = Tree::new(&teams).unwrap();
    wave.invited = (0..10_000).map(|at| (format!("U{at:05}"), wave.tree.find(teams[41 + at % 1_000].0).unwrap())).collect();
    let (users, items): (Vec<String>, Vec<Item>) =
        (wave.invited.iter().map(|(user, _)| user.clone()).collect(), wave.rules.rated().cloned().collect());
    let began = std::time::Instant::now();
    assert_eq!(place.store.launch_wave(&place.keys, wave).await.unwrap(), Ok(()));
    println!("launch of 10,000: {:?}", began.elapsed());
    let began = std::time::Instant::now();
    futures::future::join_all((0..100).map(|part| {
        let (place, users, items) = (&place, &users, &items);
        async move {
            for (at, user) in users.iter().enumerate().filter(|(at, _)| at % 100 == part) {
                let ratings = items
                    .iter()
                    .enumerate()
                    .map(|(item, it)| (it.id.clone(), Some(1 + u8::try_from((at + item * at) % 5).unwrap())))
                    .collect();
                assert_eq!(place.answer("w1", user, Marked { ratings, texts: BTreeMap::new() }).await, Ok(()));
            }
        }
    }))
    .await;
    println!("ballots of {} questions, 100 at once: {:.0} a second", items.len(), 10_000.0 / began.elapsed().as_secs_f64());
    for step in ["closing", "tally", "clean"] {
        let began = std::time::Instant::now();
        match step {
            "closing" => drop(place.store.begin_close(&place.keys, "w1").await.unwrap()),
            "tally" => assert_eq!(place.store.tally_wave(&place.keys, "w1", NOW).await.unwrap(), Ok(())),
            _ => assert_eq!(place.store.clean_wave(&place.keys, "w1").await.unwrap(), Scrub::Done),
        }
        println!("{step}: {:?}", began.elapsed());
    }
    println!("{} cells, {} rows", place.database.count("cell"), place.database.count("tally"));
}

/// Attack 22.
#[tokio::test(flavor = "multi_thread")]
async fn attack_22_invitations_go_with_the_next_wave_and_forget_me_forgets() {
    let naive = super::naive::Naive::new().await;
    naive.submit("U1", 5, "").await;
    sqlx::query("delete from participation where user_id = 'U1'").execute(&naive.pool).await.unwrap();
    let left = super::naive::pseudonym(super::naive::SECRET, "U1");
    assert_eq!(naive.texts("select pseudonym from answer").await, [left], "forgotten by name, but the answer is still theirs");

    let place = Place::new().await;
    let asked = [people("payments", 14), people("search", 7)].concat();
    let run = async |wave: &str, opens_on: &str, asked: &[(String, &str)]| {
        place.launch(wave, opens_on, asked).await;
        for (at, (user, _)) in asked.iter().enumerate() {
            assert_eq!(place.answer(wave, user, saying(marked(|_| [2, 4, 5][at % 3]), "Slow")).await, Ok(()));
        }
        place.close(wave).await;
    };
    let invites = |wave: &str| place.database.count(&format!("invite where wave_id = '{wave}'"));
    run("w1", "2026-01-10", &asked).await;
    place.store.forget_old(day("2026-02-01")).await.unwrap();
    assert_eq!(invites("w1"), 21, "the next wave compares with them");
    // One of search leaves: the cell is not shown, so what it is compared with stays, and the next wave does not show it either.
    run("w2", "2026-03-10", &asked[..20]).await;
    place.store.forget_old(day("2026-04-01")).await.unwrap();
    assert_eq!((invites("w1"), invites("w2")), (7, 20));
    run("w3", "2026-05-10", &asked[..20]).await;
    let shows = |wave: &str| place.database.count(&format!("cell where wave_id = '{wave}' and cell_id = 'search'"));
    assert_eq!((shows("w1"), shows("w2"), shows("w3")), (1, 0, 0));
    place.store.forget_old(day("2026-10-01")).await.unwrap();
    assert_eq!((invites("w1"), invites("w2"), invites("w3")), (0, 0, 20), "200 days are the end of it");
    let comments = place.database.count("comment");
    place.store.forget_old(day("2027-02-01")).await.unwrap();
    assert!(
        comments > 0
            && place.database.count("comment where wave_id = 'w1'") == 0
            && place.database.count("comment where wave_id = 'w3'") > 0
    );
    // Forget me, in the middle of a wave.
    run("w4", "2027-03-01", &asked[..20]).await;
    place.launch("w5", "2027-04-01", &asked[..20]).await;
    let user = "UPAYMENTS000";
    assert_eq!(place.answer("w5", user, saying(marked(|_| 5), MARK)).await, Ok(()));
    place.store.stop_surveys(user, "all", true).await.unwrap();
    let about = async || place.store.stored_about(&place.keys, user).await.unwrap();
    assert_eq!(about().await.ballots, ["w5"]);
    place.store.forget(&place.keys, user, day("2027-04-03")).await.unwrap();
    let stopped = vec!["all".to_owned(), "forget".to_owned()];
    assert_eq!(about().await, Stored { invitations: vec![("w5".into(), "payments".into())], ballots: vec![], stopped });
    assert_eq!((place.database.count("ballot"), place.database.count("ballot_text")), (0, 0));
    assert_eq!(place.answer("w5", user, marked(|_| 5)).await, Err(Refusal::NotInvited));
    place.close("w5").await;
    place.store.stop_surveys(user, "all", false).await.unwrap();
    assert_eq!(about().await, Stored::default());
    let dumped = dump(&place.pool().await, place.database.is_sqlite()).await;
    assert!(!format!("{dumped:?}").contains(user), "nothing names them any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_and_the_last_ask_is_known_across_surveys() {
    let place = Place::new().await;
    let other = Survey { id: "pulse".into(), kind: Length::Pulse, ..survey(Minima::default()) };
    assert_eq!(place.store.keep_survey(other).await.unwrap(), Ok(()));
    place.launch("w1", "2026-11-03", &people("payments", 2)).await;
    let pulse = NewWave { survey: "pulse".into(), ..new_wave("p1", "2026-11-10", &people("payments", 1)) };
    assert_eq!(place.store.launch_wave(&place.keys, pulse).await.unwrap(), Ok(()));
    let asked = place.store.last_asked().await.unwrap();
    assert_eq!((asked["UPAYMENTS000"], asked["UPAYMENTS001"]), (day("2026-11-10"), day("2026-11-03")));
}
