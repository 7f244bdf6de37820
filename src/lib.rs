//! pacer: a self-hosted Slack assistant for software engineering metrics. One binary, one database.
//!
//! ```text
//!   forges, trackers, pagers,         Slack (HTTP or Socket Mode), terminal,
//!   CDEvents, git, JSON, CSV          schedule, sandbox
//!     |  webhooks,   ^ asked               |  "dora team:payments 90d"
//!     |  files       | by [backfill]       v
//!     v              v                  doors: [slack] [http] [cli] [schedule] [sandbox]
//!   [sources] --events--> [store]          |      hold [app], the only state
//!    pure      [ingest]    facts,          v
//!                          packed days  [features]  one slice an answer: load, compute, card
//!                            |             |
//!                            +--facts----->+---card---> [render] ---> Block Kit, text, HTML, PNG, JSON, CSV
//! ```
//!
//! # Seven words
//!
//! - **Event**: a fact from outside ([`domain::event`]).
//! - **Source**: bytes to events, pure ([`sources`]).
//! - **Store**: events to facts and packed days; the only SQL ([`store`]).
//! - **Feature**: facts to a card; what pacer answers ([`features`]).
//! - **Card**: a plain answer that any renderer can show ([`domain::card`], [`render`]).
//! - **Chart**: a picture as plain data, which tells its own numbers ([`domain::chart`]): SVG in the page ([`render::svg`]),
//!   PNG with the embedded font ([`render::fonts`]), Slack's own chart, or letters.
//! - **Door**: who asked: [`slack`], [`http`], [`schedule`], [`cli`], [`sandbox`].
//!
//! N features and M formats make N + M pieces of code, never N x M.
//!
//! # Journeys
//!
//! - **Webhook**: [`http::hooks`] caps and reads the body, the source verifies it, the store makes the raw delivery
//!   durable, 202. Then [`ingest`] parses it and stores the facts, which marks the services they touch stale.
//! - **Backfill**: a source says what to ask of its API ([`sources::pages`]), [`backfill`] asks within the source's limits, the
//!   store makes each page, its facts and the place behind it durable together: cut off anywhere, it goes on there.
//! - **Slash command**: [`slack`] verifies, [`features::answer`] parses what was typed ([`domain::ask`]), the feature
//!   loads facts ([`store::figures`]), computes, and returns a card; [`render`] makes blocks of it; it goes out in the
//!   acknowledgement itself, or to the `response_url` where it takes longer than 1.5 s.
//! - **Figure**: stale services are derived anew ([`domain::derive`]: what each deployment contains, whether it
//!   failed, when it recovered) and packed by day; an answer reads only the days of its window.
//! - **Digest, alert**: [`schedule`] finds the slot of a subscription that is due, takes its lease, and the feature says what
//!   should stand in Slack ([`domain::post`]). Messages, what the subscription keeps in mind and the slot's end are one transaction; then
//!   the outbox ([`slack::outbox`]) brings Slack to what should stand: posts, edits, or asks Slack before it repeats.
//! - **Survey**: a wave freezes teams, people and questions ([`features`], `pulse`), each is asked by the outbox; an answer is sealed in
//!   memory under a key that is not in the database ([`domain::survey`], [`store::survey`]) and stored before the press is acknowledged;
//!   at close seals become counts of groups that are large enough, in one transaction, and the key is destroyed.
//! - **Receipt**: each answer freezes its question, period, organisation and figures; `why` derives the rows again as
//!   of that instant, `verify` compares.
//!
//! # Invariants
//!
//! - **Durable before 202.** A delivery is on disk before its sender hears so; killed at any moment, it is taken up.
//! - **Order and repetition are immaterial.** Facts are registers in which the greatest version wins; commits merge.
//! - **Nobody reads stale days.** Facts and the mark that makes a service stale are one transaction.
//! - **Later facts do not exist.** Every figure is as of an instant, so a receipt can be recomputed at any later time.
//! - **No evidence is not zero.** A figure without data is null with a reason.
//! - **No person has a number.** No table, command or card holds one.
//! - **No answer is kept.** A survey's answers stand sealed or as counts of at least five people, never both, and nothing says who answered.
//! - **Everything from outside is data**: escaped by the renderers, never interpreted.
//! - **One slot, one row; one message, one row.** What pacer says by itself is stored before it is sent, and never sent twice
//!   without asking Slack.
//! - **Features say, doors send.** Only a door talks to Slack; `now` and `seed` are arguments.
//!
//! # Who may import whom
//!
//! `tests/it/rules.rs` reads `src/` and fails otherwise.
//!
//! | part | may import |
//! |---|---|
//! | `domain` | nothing of ours but `error`'s sentences |
//! | `sources`, `render`, `store`, `simulator` | `domain` |
//! | `backfill` (asks and hands over) | `sources`, `domain` |
//! | `ingest` (parses and stores) | `sources`, `store`, `domain` |
//! | `features` | `domain`; `store` only inside `run`, through [`features::Cx`] |
//! | doors | tables, `render`, `store`, `app`; never each other, except that `http` mounts `slack` and the sandbox drives both |
//! | `cli` | everything: the root of composition |
//!
//! # To add one
//!
//! - a **command**: a file in `features/`, a line in [`features::COMMANDS`]; help, README and tests read the table.
//! - a **button**: an `Action` beside the feature it belongs to, a line in [`features::ACTIONS`]; where its press holds the answer to a
//!   survey, in [`features::SEALED`].
//! - a **job**: a file in `features/`, a line in [`features::JOBS`]; what a channel can be **subscribed** to: a line in
//!   [`features::SUBSCRIBED`].
//! - a **source**: a file in `sources/`, a line in [`sources::SOURCES`], golden payloads in `tests/fixtures/`; its API, if it
//!   has one, as [`sources::pages::Pages`].
//! - a **picture**: a kind in [`domain::chart`], a drawing in `render/svg/`, its rows in `render/chart_text.rs`.
//! - a **migration**: a new file in `migrations/` with a why-comment, a line in the store's list; landed ones never change.

pub mod app;
pub mod backfill;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod features;
pub mod http;
pub mod ingest;
pub mod render;
pub mod sandbox;
pub mod schedule;
pub mod simulator;
pub mod slack;
pub mod sources;
pub mod store;
pub mod telemetry;
