//! Plain git: commits and tags, read from the output of the `git` program. Pure; `backfill` runs the program.
//!
//! A tag that looks like a release is a production deployment; all commits of the repository come with their
//! parents, so that what a release contains is known by ancestry.
//!
//! Why the program and not a library: it is wherever a clone is, reads every format of repository there is,
//! and `git log` alone is the fastest reader of history. [`log()`] and [`TAGS`] are all that is asked of it.

mod log;
mod tags;

pub use log::{LogReader, log};
pub use tags::{TAGS, Tag, TagRule, Target, parse_tags};

use super::{Headers, Refused, Source};
use crate::domain::event::Parsed;

/// The registration. Git sends nothing: `pacer import git PATH` reads a clone.
pub const SOURCE: Source = Source {
    slug: "git",
    name: "git",
    verify: |_, _, _, _| Err(Refused::Origin(NO_DELIVERIES.to_string())),
    delivery_id: |_, _| None,
    check: |_, _| Err(Refused::Syntax(NO_DELIVERIES.to_string())),
    parse: |_, _| Parsed { ignored: Some(NO_DELIVERIES.to_string()), read: 1, ..Parsed::default() },
    webhook: false,
    recorded: |_| Headers::default(),
    pages: None,
};

const NO_DELIVERIES: &str = "git sends no deliveries: import a clone with `pacer import git PATH`";

/// A repository's name: its folder's, without `.git`.
pub fn repository_name(folder: &std::path::Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".git").unwrap_or(&name);
    match folder.parent() {
        Some(parent) if name.is_empty() => repository_name(parent),
        _ if name.is_empty() => "repository".to_string(),
        _ => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_repository_is_called_after_its_folder() {
        let check = |path: &str, expect: &str| assert_eq!(repository_name(Path::new(path)), expect, "{path}");
        check("/src/checkout", "checkout");
        check("/src/checkout/", "checkout");
        check("checkout.git", "checkout");
        check("/src/checkout/.git", "checkout");
        check("/src/git", "git");
        check("/", "repository");
    }

    #[test]
    fn a_delivery_is_told_where_to_go() {
        let parsed = (SOURCE.parse)(&Headers::default(), b"{}");
        assert!(parsed.events.is_empty() && parsed.ignored.is_some());
        assert!((SOURCE.check)(&Headers::default(), b"{}").is_err());
    }
}
