//! A person at the page of `pacer demo`, in a real Chromium: types `/metrics dora` and presses every button.
//!
//! Needs `chromium` and `chromedriver`. Where they are absent the test is skipped and says so; with CI set it fails.

#![allow(clippy::unwrap_used, reason = "a test: what fails here fails it")]

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

/// Starts the demo on a free port; its address is what it prints.
fn demo() -> (Running, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pacer"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env_remove("PACER_DATABASE_URL")
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
        self.see(&format!("button-{label}")).await.click().await.unwrap_or_else(|error| panic!("{label} can't be pressed: {error}"));
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
    if !installed("chromium") || !installed("chromedriver") {
        assert!(std::env::var_os("CI").is_none(), "CI must have chromium and chromedriver");
        println!("skipped: chromium and chromedriver are not installed (Debian: chromium, chromium-driver)");
        return;
    }
    let (_demo, url) = demo();
    let (_driver, port) = driver();
    let profile = tempfile::tempdir().unwrap();
    let page = Page::open(port, &url, &format!("--user-data-dir={}", profile.path().display())).await;
    let log = "[data-test=\"message\"]";
    let modal = "[data-test=\"modal\"]";

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
