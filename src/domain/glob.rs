//! The patterns by which an organisation names files and tags.

use globset::{Glob, GlobBuilder};

/// A pattern of files, as in `services/pay/**`: `*` stays within a folder, `**` does not. A leading `/` or `./` means nothing.
///
/// # Errors
/// The sentence for one that is none.
pub fn files(pattern: &str) -> Result<Glob, String> {
    let bare = pattern.trim_start_matches("./").trim_start_matches('/');
    let glob = GlobBuilder::new(bare).literal_separator(true).build();
    glob.map_err(|error| format!("`{pattern}` is not a glob of files: {}", error.kind()))
}

/// A pattern of tags, as in `checkout-v*`: as with `git tag --list`, `*` takes slashes too.
///
/// # Errors
/// The sentence for one that is none.
pub fn tags(pattern: &str) -> Result<Glob, String> {
    Glob::new(pattern).map_err(|error| format!("`{pattern}` is not a glob of tags: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_a_folder_of_files_and_takes_slashes_in_a_tag() {
        let file = |glob: &str, name: &str| files(glob).expect("a glob").compile_matcher().is_match(name);
        let tag = |glob: &str, name: &str| tags(glob).expect("a glob").compile_matcher().is_match(name);
        assert!(file("./pay/*.rs", "pay/a.rs") && file("/pay/**", "pay/deep/a.rs") && !file("pay/*.rs", "pay/deep/a.rs"));
        assert!(tag("live/*", "live/eu/7") && tag("{prod,live}-[0-9]*", "live-7") && !tag("v[!0-9]", "v7"));
    }

    #[test]
    fn a_pattern_that_is_none_is_said() {
        assert_eq!(files("pay/{a").expect_err("unclosed").split(':').next(), Some("`pay/{a` is not a glob of files"));
        assert_eq!(tags("v[9-0]").expect_err("backwards").split(':').next(), Some("`v[9-0]` is not a glob of tags"));
    }
}
