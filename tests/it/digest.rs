//! Digests: a channel subscribes, hears what is new once, and can quiet it.

use pacer::domain::card::Scope;
use pacer::domain::subscription::{Due, State, Subscription};
use pacer::domain::time::{At, WEEK};
use pacer::features::SUBSCRIBED;
use serde_json::json;

/// What the sample organisation's channels would hear, and how long that takes; on a copy of the demo's database in DIGEST_DB.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints"]
async fn prints_each_template() {
    let db = std::env::var("DIGEST_DB").unwrap();
    let at = At::parse("2026-11-23T08:00:00Z").unwrap();
    let vars = [("PACER_DATABASE_URL".to_owned(), format!("sqlite://{db}"))];
    let config = pacer::config::Config::from_vars(vars.into()).unwrap();
    pacer::app::install_tls();
    let app = pacer::app::App::open(config, pacer::clock::Clock::standing(at)).await.unwrap();
    let teams = |ids: &[&str]| ids.iter().map(|id| Scope::Team((*id).to_owned())).collect::<Vec<_>>();
    let all: Vec<(&str, Vec<Scope>)> = vec![
        ("team", teams(&["payments"])),
        ("team", teams(&["search"])),
        ("team", teams(&["checkout"])),
        ("team", teams(&["platform"])),
        ("team", teams(&["mobile"])),
        ("team", teams(&["labs"])),
        ("team", vec![Scope::Organisation]),
        ("leadership", vec![Scope::Organisation]),
        ("leadership", teams(&["checkout", "payments", "platform", "search"])),
        ("planning", teams(&["payments"])),
        ("retrospective", teams(&["search"])),
    ];
    let cx = app.cx(None).await.unwrap();
    for (template, scopes) in all {
        for weeks in [0, 4, 5, 6, 7, 8, 9] {
            let subscription = Subscription {
                id: "7f3a9c2k".into(),
                kind: "digest".into(),
                channel: "C0".into(),
                crontab: "0 9 * * mon".into(),
                zone: chrono_tz::Tz::Europe__Berlin,
                settings: json!({"template": template, "scopes": scopes}),
                memory: json!(null),
                author: "U".into(),
                created_at: at,
                changed_at: at,
                state: State::Active,
            };
            let began = std::time::Instant::now();
            let due = Due { subscription, at: at.plus(-weeks * WEEK) };
            let said = (SUBSCRIBED[0].run)(&cx, &due).await.unwrap();
            println!("\n=== {template} {scopes:?} in {:?}", began.elapsed());
            println!("{:?}", said.quiet);
            for post in said.posts.iter().take(2) {
                let message = pacer::render::blocks::message(&post.card);
                println!("{}\n{}\n", message["text"].as_str().unwrap(), pacer::render::text(&post.card, false, 110));
            }
        }
    }
    app.store.close().await;
}
