//! `pacer setup WHAT`: prints what another tool needs to be told, ready to apply. It prints only: nothing is installed, and
//! no secret is written into it.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::print;
use crate::config::Config;

/// What to print.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Argo CD: a notification that posts each deployment to /v1/events
    Argocd {
        /// Where Argo CD reaches pacer. Without it: `PACER_PUBLIC_URL`
        #[arg(long)]
        url: Option<String>,
    },
}

const ARGOCD: &str = include_str!("argocd.yml");
/// What stands in the texts where pacer's URL belongs.
const URL: &str = "PACER_URL";

pub fn run(args: Args, config: &Config) -> Result<ExitCode> {
    match args.what {
        What::Argocd { url } => {
            let url = url.as_deref().or(config.public_url.as_deref()).unwrap_or("https://pacer.example.com");
            print(&with_url(ARGOCD, url)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The text with pacer's URL in it; a URL that is none would only be found out by whoever applies it.
fn with_url(text: &str, url: &str) -> Result<String> {
    let plain = url.trim_end_matches('/');
    let rest = plain.strip_prefix("https://").or_else(|| plain.strip_prefix("http://")).unwrap_or_default();
    let fits = !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._~:/[]%".contains(letter));
    ensure!(fits, "`{url}` is not a URL; give the one where pacer is reached: `--url https://pacer.example.com`");
    Ok(text.replace(URL, plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Event, Status};
    use crate::domain::time::At;
    use crate::sources::generic;

    /// The template's body with what Argo CD would put in its places.
    fn body(places: &[(&str, &str)]) -> String {
        let body = ARGOCD.split_once("        body: |\n").expect("a body").1;
        places.iter().fold(body.to_owned(), |body, (place, value)| {
            assert!(body.contains(place), "the template has no {place}");
            body.replace(place, value)
        })
    }

    fn event(phase: &str, commit: &str) -> String {
        let status = if phase == "Succeeded" { "\"success\"" } else { "\"failure\"" };
        body(&[
            (
                "{{ printf \"argocd:%s/%s@%s\" .app.metadata.namespace .app.metadata.name .app.status.operationState.startedAt | toJson }}",
                "\"argocd:argocd/checkout@2026-05-01T10:00:00Z\"",
            ),
            (
                "{{ get (default (dict) .app.metadata.annotations) \"pacer/service\" | default .app.metadata.name | toJson }}",
                "\"checkout\"",
            ),
            (
                "{{ get (default (dict) .app.metadata.annotations) \"pacer/environment\" | default \"production\" | toJson }}",
                "\"production\"",
            ),
            ("{{ if eq .app.status.operationState.phase \"Succeeded\" }}\"success\"{{ else }}\"failure\"{{ end }}", status),
            ("{{ toJson .app.status.operationState.startedAt }}", "\"2026-05-01T10:00:00Z\""),
            ("{{ toJson .app.status.operationState.finishedAt }}", "\"2026-05-01T10:02:00Z\""),
            ("{{ get (default (dict) .app.status.operationState.syncResult) \"revision\" | toJson }}", commit),
        ])
    }

    #[test]
    fn what_argo_cd_would_send_is_a_deployment() {
        let check = |phase: &str, commit: &str, expect: (Status, Option<&str>)| {
            let sent = event(phase, commit);
            assert!(!sent.contains("{{"), "a place is left: {sent}");
            assert_eq!(generic::check(sent.as_bytes()), Ok(()), "{sent}");
            let parsed = generic::parse(sent.as_bytes(), false);
            assert_eq!(parsed.rejected, [], "{sent}");
            let Event::Deployment(told) = &parsed.events[0].event else { panic!("{parsed:?}") };
            assert_eq!((told.status, told.sha.as_deref()), expect);
            assert_eq!(
                (told.id.as_str(), told.service.as_deref(), told.environment.as_deref()),
                ("argocd:argocd/checkout@2026-05-01T10:00:00Z", Some("checkout"), Some("production"))
            );
            assert_eq!((told.started_at, told.finished_at), (At::parse("2026-05-01T10:00:00Z"), At::parse("2026-05-01T10:02:00Z")));
        };
        check(
            "Succeeded",
            "\"9dd4e461268c8034f5c8564e155c67a6d0f1d8a1\"",
            (Status::Success, Some("9dd4e461268c8034f5c8564e155c67a6d0f1d8a1")),
        );
        check("Failed", "\"\"", (Status::Failure, None));
    }

    #[test]
    fn the_url_is_put_in_everywhere_and_the_token_is_left_to_argo_cd() {
        let printed = with_url(ARGOCD, "https://pacer.example.org/").expect("a URL");
        assert!(printed.contains("    url: https://pacer.example.org\n") && !printed.contains(URL), "{printed}");
        assert!(printed.contains("value: Bearer $pacer-token\n"), "{printed}");
        for bad in ["pacer.example.org", "ftp://x", "https://", "https://x\n    y: z", "https://x#y"] {
            assert!(with_url(ARGOCD, bad).expect_err(bad).to_string().contains("is not a URL"), "{bad}");
        }
    }
}
