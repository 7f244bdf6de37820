//! Which URL an ask may go to: the API that was configured, and nothing else.
//!
//! Why so strict: an ask may come out of an answer (a `Link` header), and the token goes with it. Whoever could name
//! another host there would be sent the token.

use anyhow::{Context, Result};
use reqwest::Url;

/// The API's URL.
#[derive(Debug, Clone)]
pub struct Address {
    base: Url,
}

impl Address {
    /// Of an API. The settings see to it that it is https, or http on this machine.
    pub fn new(base: &str) -> Result<Self> {
        let base: Url = base.trim_end_matches('/').parse().with_context(|| format!("`{base}` is not a URL"))?;
        anyhow::ensure!(base.has_host(), "`{base}` names no host");
        Ok(Self { base })
    }

    /// Where an ask goes: a path below the API's URL, or a whole URL of the same host. Else why not.
    pub fn of(&self, path: &str) -> Result<Url, String> {
        if path.starts_with('/') {
            let whole = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
            return self.same(whole.parse().map_err(|error| format!("`{path}` is not a path ({error})"))?);
        }
        self.same(path.parse().map_err(|error| format!("`{path}` is neither a path nor a URL ({error})"))?)
    }

    /// Where a redirect of `from` leads, if that is on the same host. Else why not.
    pub fn moved(&self, from: &Url, location: &str) -> Result<Url, String> {
        self.same(from.join(location).map_err(|error| format!("`{location}` is not a URL ({error})"))?)
    }

    fn same(&self, url: Url) -> Result<Url, String> {
        let plain = url.username().is_empty() && url.password().is_none();
        if plain && url.origin() == self.base.origin() {
            return Ok(url);
        }
        Err(format!("it leads to {}, and not to {}", url.origin().ascii_serialization(), self.base.origin().ascii_serialization()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, path: &str, expect: Option<&str>) {
        let found = Address::new(base).expect("a URL").of(path);
        assert_eq!(found.as_ref().ok().map(Url::as_str), expect, "{base} {path}: {found:?}");
    }

    #[test]
    fn an_ask_stays_on_the_host_that_was_configured() {
        let github = "https://api.github.com";
        check(github, "/repos/o/r/pulls?page=2", Some("https://api.github.com/repos/o/r/pulls?page=2"));
        check(github, "https://api.github.com/repositories/7/pulls?page=2", Some("https://api.github.com/repositories/7/pulls?page=2"));
        check(github, "https://api.github.com:443/x", Some("https://api.github.com/x"));
        for foreign in [
            "https://evil.example/x",
            "http://api.github.com/x",
            "https://api.github.com:444/x",
            "https://api.github.com.evil.example/x",
            "https://api.github.com@evil.example/x",
            "https://token@api.github.com/x",
            "//evil.example/x",
            "file:///etc/passwd",
            "x",
        ] {
            let found = Address::new(github).expect("a URL").of(foreign);
            let on_the_host = found.as_ref().is_ok_and(|url| url.origin() == Address::new(github).expect("a URL").base.origin());
            assert!(found.is_err() || (on_the_host && foreign.starts_with("//")), "{foreign}: {found:?}");
        }
    }

    #[test]
    fn an_enterprise_server_has_its_api_in_a_folder_and_the_other_one_beside_it() {
        let ours = "https://git.corp.example/api/v3/";
        check(ours, "/repos/o/r", Some("https://git.corp.example/api/v3/repos/o/r"));
        check(ours, "/../graphql", Some("https://git.corp.example/api/graphql"));
        check("https://api.github.com", "/../graphql", Some("https://api.github.com/graphql"));
    }

    #[test]
    fn a_redirect_is_followed_on_the_same_host_only() {
        let address = Address::new("http://127.0.0.1:9").expect("a URL");
        let from = address.of("/repos/o/old/pulls").expect("a path");
        assert_eq!(
            address.moved(&from, "/repositories/7/pulls").map(|url| url.to_string()),
            Ok("http://127.0.0.1:9/repositories/7/pulls".into())
        );
        let refused = address.moved(&from, "http://127.0.0.1:10/repositories/7/pulls").expect_err("another port");
        assert_eq!(refused, "it leads to http://127.0.0.1:10, and not to http://127.0.0.1:9");
    }
}
