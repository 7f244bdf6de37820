//! Settings as people write them, and mis-write them.

use super::*;

fn read(vars: &[(&str, &str)]) -> Result<Config, BadSettings> {
    Config::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

#[test]
fn without_any_variable_the_defaults_of_the_table_hold() {
    let config = read(&[("HOME", "/root")]).expect("valid");
    assert_eq!(config.database_url, "sqlite://pacer.db");
    assert_eq!(config.listen, "127.0.0.1:8080");
    assert_eq!(config.slack.api_url, "https://slack.com/api");
    assert_eq!(config.rate_limit, NonZeroU32::new(20));
    assert_eq!(config.retention_days, 90);
    assert!(config.source_secrets("github").is_empty() && config.events_tokens.is_empty() && config.warnings.is_empty());
}

#[test]
fn each_mistake_is_one_sentence_that_names_its_setting() {
    let check = |name: &str, value: &str, expect: &str| {
        let error = read(&[(name, value)]).expect_err(name);
        assert_eq!(error.0, vec![format!("{name}: {expect}")]);
    };
    check("PACER_LISTEN", "8080", "`8080` is not an address and port, as in 127.0.0.1:8080.");
    check("PACER_LISTEN", "0.0.0.0:99999", "`0.0.0.0:99999` is not an address and port, as in 127.0.0.1:8080.");
    check("PACER_DATABASE_URL", "pacer.db", "must begin with sqlite:// or postgres://, as in sqlite://pacer.db.");
    check("PACER_PUBLIC_URL", "pacer.example", "`pacer.example` must begin with https:// (or http://).");
    check("PACER_RATE_LIMIT", "0", "`0` is not a number of questions a minute, as in 20, or off.");
    check("PACER_LOG_FORMAT", "xml", "`xml` is neither text nor json.");
    let check_retention = |value: &str| {
        check("PACER_RETENTION", value, &format!("`{value}` is not a length of time, as in 90d or 12w, of a hundred years at most."));
    };
    for value in ["soon", "0d", "-1d", "4000000000w", "99999d"] {
        check_retention(value);
    }
    check("PACER_NOW", "yesterday", "`yesterday` is not an RFC 3339 time, as in 2026-11-23T12:00:00Z.");
    let plain = "must begin with https://; plain http is allowed for 127.0.0.1 only.";
    check("SLACK_API_URL", "http://slack.example/api", &format!("`http://slack.example/api` {plain}"));
    check("PACER_GITHUB_URL", "http://git.example/api/v3", &format!("`http://git.example/api/v3` {plain}"));
    check("PACER_GITHUB_URL", "git.example", &format!("`git.example` {plain}"));
    check("SLACK_API_URL", "http://127.0.0.1.evil.example/api", &format!("`http://127.0.0.1.evil.example/api` {plain}"));
    check("SLACK_API_URL", "http://127.0.0.1@evil.example/", &format!("`http://127.0.0.1@evil.example/` {plain}"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let error = read(&[("PACER_LISTEN", "x"), ("PACER_RATE_LIMIT", "x"), ("PACER_NOW", "x")]).expect_err("three");
    assert_eq!(error.0.len(), 3);
}

#[test]
fn values_that_are_right_are_taken() {
    let config = read(&[
        ("SLACK_API_URL", "http://[::1]:9/api/"),
        ("PACER_RATE_LIMIT", "off"),
        ("PACER_RETENTION", "2w"),
        ("PACER_SLACK_TEAMS", "T1, T2,"),
        ("PACER_NOW", "2026-11-23T13:00:00+01:00"),
        ("PACER_GITHUB_SECRET", "new,old"),
        ("PACER_EVENTS_TOKEN", "one , two"),
    ])
    .expect("valid");
    assert_eq!(config.slack.api_url, "http://[::1]:9/api");
    assert!(config.slack_is_local());
    assert_eq!(config.rate_limit, None);
    assert_eq!(config.retention_days, 14);
    assert_eq!(config.slack.teams, ["T1", "T2"]);
    assert_eq!(config.now.map(At::rfc3339).as_deref(), Some("2026-11-23T12:00:00Z"));
    assert_eq!(config.source_secrets("github"), ["new", "old"]);
    assert!(config.is_events_token("two") && !config.is_events_token("three") && !config.is_events_token(""));
    assert!(config.check_serve().is_err());
}

#[test]
fn secrets_come_from_files_too_but_not_from_both() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("token");
    std::fs::write(&path, "xoxb-1\n").expect("written");
    let path = path.to_str().expect("UTF-8");
    let config = read(&[("SLACK_BOT_TOKEN_FILE", path)]).expect("valid");
    assert_eq!(config.slack.bot_token.expect("read").expose_secret(), "xoxb-1");
    let both = read(&[("SLACK_BOT_TOKEN_FILE", path), ("SLACK_BOT_TOKEN", "xoxb-2")]).expect_err("both");
    assert_eq!(both.0, ["SLACK_BOT_TOKEN: is set, and so is SLACK_BOT_TOKEN_FILE. Keep one of them."]);
    let missing = read(&[("SLACK_APP_TOKEN_FILE", "/nowhere/at/all")]).expect_err("missing");
    assert!(missing.0[0].starts_with("SLACK_APP_TOKEN_FILE: the file /nowhere/at/all can't be read"), "{missing}");
}

#[test]
fn a_mistyped_variable_is_told_with_the_right_one() {
    let check = |name: &str, expect: &str| assert_eq!(read(&[(name, "x")]).expect("valid").warnings, [expect.to_owned()]);
    check("PACER_LISTN", "PACER_LISTN is not a setting of pacer and does nothing; did you mean PACER_LISTEN?");
    check("SLACK_TOKEN_BOT", "SLACK_TOKEN_BOT is not a setting of pacer and does nothing.");
    check("PACER_GITHUBB_SECRET", "PACER_GITHUBB_SECRET is not a setting of pacer and does nothing; did you mean PACER_GITHUB_SECRET?");
    let swapped = read(&[("SLACK_BOT_TOKEN", "xapp-1")]).expect("valid").warnings;
    assert_eq!(swapped, ["SLACK_BOT_TOKEN holds an app-level token (xapp-); it needs the bot token (xoxb-)."]);
}

#[test]
fn debug_shows_no_secret() {
    let config = read(&[
        ("SLACK_BOT_TOKEN", "xoxb-s3cret"),
        ("PACER_GITHUB_SECRET", "s3cret"),
        ("PACER_GITHUB_TOKEN", "s3cret"),
        ("PACER_EVENTS_TOKEN", "s3cret"),
        ("PACER_DATABASE_URL", "postgres://u:s3cret@h/d"),
    ])
    .expect("valid");
    assert!(!format!("{config:?}").contains("s3cret"));
}
