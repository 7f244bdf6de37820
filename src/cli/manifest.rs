//! `pacer manifest [URL]`: the app manifest to paste into Slack.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::print;
use crate::config::Config;

/// For which way in.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The public https address where Slack reaches pacer. Without it: Socket Mode, which needs none
    url: Option<String>,
}

/// As it stands in the repository, for Socket Mode.
const MANIFEST: &str = include_str!("../../manifest.yml");

pub fn run(args: &Args, config: &Config) -> Result<ExitCode> {
    let url = args.url.clone().or_else(|| config.public_url.clone());
    match url {
        None => print(MANIFEST),
        Some(url) => {
            ensure!(url.starts_with("https://"), "Slack calls public https URLs only: `pacer manifest https://pacer.example.com`");
            print(&for_url(MANIFEST, url.trim_end_matches('/')));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The manifest with request URLs instead of Socket Mode.
fn for_url(manifest: &str, url: &str) -> String {
    let mut lines = Vec::new();
    for line in manifest.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        match line.trim() {
            "socket_mode_enabled: true" => lines.push(format!("{indent}socket_mode_enabled: false")),
            "- command: /metrics" => {
                lines.push(line.to_string());
                lines.push(format!("{indent}  url: {url}/slack/commands"));
            }
            "interactivity:" => {
                lines.push(line.to_string());
                lines.push(format!("{indent}  request_url: {url}/slack/interactions"));
            }
            "event_subscriptions:" => {
                lines.push(line.to_string());
                lines.push(format!("{indent}  request_url: {url}/slack/events"));
            }
            _ => lines.push(line.to_string()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_replaces_socket_mode() {
        let manifest = for_url(MANIFEST, "https://pacer.example.com");
        assert!(manifest.contains("url: https://pacer.example.com/slack/commands"), "{manifest}");
        assert!(manifest.contains("request_url: https://pacer.example.com/slack/interactions"), "{manifest}");
        assert!(manifest.contains("socket_mode_enabled: false") && !manifest.contains("socket_mode_enabled: true"), "{manifest}");
    }
}
