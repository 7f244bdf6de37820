//! People at the page of `pacer demo`, in a real Chromium: one types `/metrics dora` and presses every button; and a whole survey, from
//! its launch to what is promised after it.
//!
//! Needs `chromium` and `chromedriver`. Where they are absent the test is skipped and says so; with CI set it fails.

#![allow(clippy::unwrap_used, reason = "a test: what fails here fails it")]
#![allow(clippy::print_stdout, reason = "what is skipped says so")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

/// How long a person waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Starts the demo on a free port, at another time if one is set; its address is what it prints.
fn demo(now: &[(&str, &str)]) -> (Running, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pacer"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env_remove("PACER_DATABASE_URL")
        .envs(now.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url =
        lines.map_while(Result::ok).find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_string));
    (Running(child), url.expect("the demo prints where to click"))
}

/// Starts chromedriver on a free port.
fn driver() -> (Running, u16) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("chromedriver")
        .arg(format!("--port={port}"))
        .arg("--log-level=SEVERE")
        .stdout(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    (Running(child), port)
}

/// Whether there is no browser here; never so in CI.
fn is_skipped() -> bool {
    let skipped = !installed("chromium") || !installed("chromedriver");
    if skipped {
        assert!(std::env::var_os("CI").is_none(), "CI must have chromium and chromedriver");
        println!("skipped: chromium and chromedriver are not installed (Debian: chromium, chromium-driver)");
    }
    skipped
}

/// The messages of a channel.
const LOG: &str = "[data-test=\"message\"]";
const MODAL: &str = "[data-test=\"modal\"]";

/// The page, as one person sees it.
struct Page(Client);

impl Page {
    async fn open(driver: u16, url: &str, profile: &str) -> Self {
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            "--window-size=1280,1000",
            profile,
        ];
        let mut wanted = serde_json::Map::new();
        wanted.insert("goog:chromeOptions".into(), json!({ "args": flags }));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let client = loop {
            match ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                .capabilities(wanted.clone())
                .connect(&format!("http://127.0.0.1:{driver}"))
                .await
            {
                Ok(client) => break client,
                Err(error) => assert!(tokio::time::Instant::now() < deadline, "chromedriver does not answer: {error}"),
            }
        };
        client.goto(url).await.unwrap();
        Self(client)
    }

    /// The last element of that test name, once it is there.
    async fn see(&self, name: &str) -> Element {
        let css = format!("[data-test=\"{name}\"]");
        self.0.wait().at_most(PATIENCE).for_element(Locator::Css(&css)).await.unwrap_or_else(|error| panic!("no {name}: {error}"));
        self.0.find_all(Locator::Css(&css)).await.unwrap().pop().unwrap()
    }

    async fn press(&self, label: &str) {
        self.click(&format!("button-{label}")).await;
    }

    /// Clicks the last element of that name; once more where the page is drawn anew in between.
    async fn click(&self, name: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while let Err(error) = self.see(name).await.click().await {
            assert!(tokio::time::Instant::now() < deadline, "{name} can't be pressed: {error}");
        }
    }

    /// Types a command and Enter.
    async fn ask(&self, text: &str) {
        let composer = self.see("composer").await;
        composer.send_keys(text).await.unwrap();
        composer.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    }

    /// Waits until an element holds a text.
    async fn reads(&self, css: &str, text: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut last = String::new();
        while tokio::time::Instant::now() < deadline {
            let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent).join('\\n')";
            last = self.0.execute(script, vec![json!(css)]).await.unwrap().as_str().unwrap_or("").to_string();
            if last.contains(text) {
                return;
            }
        }
        panic!("{css} never reads {text:?}; it reads:\n{last}");
    }

    /// Goes on as somebody else, in a channel.
    async fn as_whom(&self, person: &str, channel: &str) {
        self.see("acting").await.select_by_value(person).await.unwrap();
        self.click(&format!("channel-{channel}")).await;
    }

    /// Chooses an option of the form: in a list, or by its tick.
    async fn choose(&self, label: &str) {
        let script = "const modal = document.querySelector('[data-test=\"modal\"]'); \
             if (!modal) return false; const option = [...modal.querySelectorAll('option')].find(one => one.textContent === arguments[0]); \
             if (option) { const list = option.closest('select'); list.value = option.value; list.dispatchEvent(new Event('change', { bubbles: true })); return true; } \
             const tick = [...modal.querySelectorAll('label.tick')].find(one => one.textContent === arguments[0]); \
             if (!tick) return false; tick.click(); return true;";
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.0.execute(script, vec![json!(label)]).await.unwrap() != json!(true) {
            assert!(tokio::time::Instant::now() < deadline, "there is no {label} to choose");
        }
    }

    async fn submit(&self) {
        self.see("modal-submit").await.click().await.unwrap();
    }

    /// Waits until nothing of that name is there.
    async fn gone(&self, name: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let css = format!("[data-test=\"{name}\"]");
        while !self.0.find_all(Locator::Css(&css)).await.unwrap().is_empty() {
            assert!(tokio::time::Instant::now() < deadline, "{name} stays");
        }
    }
}

#[tokio::test]
async fn a_person_types_metrics_dora_and_presses_every_button() {
    if is_skipped() {
        return;
    }
    let (_demo, url) = demo(&[]);
    let (_driver, port) = driver();
    let profile = tempfile::tempdir().unwrap();
    let page = Page::open(port, &url, &format!("--user-data-dir={}", profile.path().display())).await;
    let (log, modal) = (LOG, MODAL);

    page.ask("/metrics dora team:payments").await;
    page.see("ephemeral").await;
    for figure in
        ["Deployment frequency", "Change lead time", "Failed deployment recovery time", "Change fail rate", "Deployment rework rate"]
    {
        page.reads(log, figure).await;
    }

    page.press("Why these numbers").await;
    page.reads(modal, "page 1 of").await;
    page.press("Next page").await;
    page.reads(modal, "page 2 of").await;
    page.see("modal").await.send_keys(&char::from(Key::Escape).to_string()).await.unwrap();
    page.gone("modal").await;

    page.press("Change period").await;
    page.see("input-value").await.send_keys("last quarter").await.unwrap();
    page.see("modal-submit").await.click().await.unwrap();
    page.gone("modal").await;
    page.reads(log, "last quarter").await;

    page.press("Share to channel").await;
    page.reads(log, "Shared by").await;

    page.ask("/metrics help").await;
    page.reads(log, "What you can ask").await;
    page.press("Show my DORA metrics").await;
    page.reads(log, "90 days").await;
    page.ask("/metrics dorra").await;
    page.reads(log, "Did you mean dora").await;
    page.ask("/metrics dora team:nope").await;
    page.reads(log, "I do not know the team nope").await;
    page.ask("/metrics dora 2026-03..2026-01").await;
    page.reads(log, "ends before it begins").await;
    page.ask("/metrics dora team:labs").await;
    page.reads(log, "too few for a band").await;

    page.see("channel-random").await.click().await.unwrap();
    page.ask("/metrics").await;
    page.press("Share to channel").await;
    page.reads(log, "/invite @pacer").await;

    page.0.close().await.unwrap();
}

/// The whole of it, on a Tuesday morning: an admin launches a pulse of a team, five answer by three taps each, of whom one changes an
/// answer, one puts it off, and then it is closed, read by the team, and answered with an action.
#[tokio::test]
async fn a_whole_survey_from_its_launch_to_what_is_promised() {
    if is_skipped() {
        return;
    }
    let (_demo, url) = demo(&[("PACER_NOW", "2026-11-24T09:30:00Z")]);
    let (_driver, port) = driver();
    let profile = tempfile::tempdir().unwrap();
    let page = Page::open(port, &url, &format!("--user-data-dir={}", profile.path().display())).await;
    let clara = "U0DEMO24";

    page.as_whom(clara, "general").await;
    page.ask("/metrics pulse").await;
    page.press("Launch a pulse").await;
    page.choose("Mobile").await;
    page.choose("As soon as people are at work").await;
    page.submit().await;
    page.reads(MODAL, "people are asked").await;
    page.reads(MODAL, "Taking everything together").await;
    page.submit().await;
    page.reads(MODAL, "is launched").await;
    page.see("modal-close").await.click().await.unwrap();
    page.gone("modal").await;

    for person in ["U0DEMO32", "U0DEMO33", "U0DEMO34", "U0DEMO35", "U0DEMO36"] {
        page.as_whom(person, "pacer").await;
        page.reads(LOG, "Question 1 of 3").await;
        page.press(if person == "U0DEMO36" { "Dissatisfied" } else { "Satisfied" }).await;
        page.reads(LOG, "Question 2 of 3").await;
        page.0.find(locator("button:nth-of-type(4)")).await.unwrap().click().await.unwrap();
        page.reads(LOG, "Question 3 of 3").await;
        page.0.find(locator("button:nth-of-type(2)")).await.unwrap().click().await.unwrap();
        page.reads(LOG, "Thank you.").await;
        let said = page.0.source().await.unwrap();
        assert!(!said.contains("Question 3 of 3"), "the tap was replaced, and is not echoed");
    }
    // One changes an answer; another puts it off, and nothing of it is stored.
    page.press("Change an answer").await;
    page.choose("Satisfied").await;
    page.submit().await;
    page.reads(MODAL, "Thank you.").await;
    page.see("modal-close").await.click().await.unwrap();
    page.as_whom("U0DEMO37", "pacer").await;
    page.press("Not now").await;
    page.reads(LOG, "nothing was stored").await;

    page.as_whom(clara, "general").await;
    page.ask("/metrics pulse").await;
    page.reads(LOG, "asks 6 people of Mobile").await;
    page.press("Close now").await;
    page.reads(MODAL, "Close this survey now?").await;
    page.submit().await;
    page.reads(MODAL, "closed").await;
    page.see("modal-close").await.click().await.unwrap();

    page.as_whom("U0DEMO33", "team-mobile").await;
    page.reads(LOG, "Mobile says 80 to 100 % favourable overall").await;
    page.press("Add an action").await;
    page.reads(MODAL, "What we do").await;
    page.choose("Overall").await;
    let words = page.0.find(Locator::Css("[data-test=\"modal\"] textarea")).await.unwrap();
    words.send_keys("Mend the slowest build first").await.unwrap();
    page.submit().await;
    page.reads(MODAL, "Mend the slowest build first").await;
    page.see("modal-close").await.click().await.unwrap();
    page.reads(LOG, "Mend the slowest build first").await;
    page.0.close().await.unwrap();
}

/// A button of the row of answers in the last message.
fn locator(button: &str) -> Locator<'static> {
    let css = format!("[data-test=\"message\"]:last-of-type .actions {button}");
    Locator::Css(Box::leak(css.into_boxed_str()))
}
