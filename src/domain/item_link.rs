//! Which work item a change belongs to, as its branch, title and description say.
//!
//! A tracker's key (`PAY-12`) in the branch or the title; else a closing word and a number in the description (`Fixes #12`),
//! as GitHub and GitLab read it. A bot's branch names a package and its version (`dependabot/npm/webpack-5`), which is no key.
//! Outside text is searched, never interpreted.

use std::sync::LazyLock;

use regex::Regex;

use super::machines::is_bots_branch;

static KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[A-Za-z][A-Za-z0-9]{1,9}-[1-9][0-9]{0,6}").expect("a constant pattern that a test compiles"));
static CLOSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|implement(?:s|ed)?):?\s+([\w./-]+/[\w.-]+)?#([1-9][0-9]{0,8})\b")
        .expect("a constant pattern that a test compiles")
});

/// Words that look like a key and are none: standards, algorithms, versions.
const NO_KEYS: [&str; 14] = ["UTF", "SHA", "ISO", "RFC", "CVE", "GHSA", "AES", "MD", "HTTP", "IPV", "ES", "COVID", "PEP", "RELEASE"];

/// The item that a change names: by a key in its branch or title, else in a closing sentence.
pub fn item_of(branch: Option<&str>, title: Option<&str>, description: Option<&str>, repository: &str) -> Option<String> {
    let branch = branch.filter(|name| !is_bots_branch(name));
    [branch, title].into_iter().flatten().find_map(key_in).or_else(|| description.and_then(|text| closed_by(text, repository)))
}

/// The work item of Azure that a text mentions: `#12`, `AB#12`.
pub fn azures_item_in(text: &str) -> Option<String> {
    text.match_indices('#').find_map(|(at, _)| {
        let before = text[..at].trim_end_matches("AB").chars().next_back();
        let digits: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let ends = !text[at + 1 + digits.len()..].starts_with(|letter: char| letter.is_alphanumeric());
        (ends && !digits.is_empty() && digits.len() < 10 && before.is_none_or(|letter| !letter.is_alphanumeric()))
            .then(|| format!("AB#{digits}"))
    })
}

/// The first tracker's key in a text. In a branch people write it in lower case.
pub fn key_in(text: &str) -> Option<String> {
    let is_branch = !text.contains(' ');
    KEY.find_iter(text).find_map(|found| {
        let upper = found.as_str().to_uppercase();
        let project = upper.split('-').next().unwrap_or_default();
        let before = text[..found.start()].chars().next_back();
        let mut behind = text[found.end()..].chars();
        let ends = match (behind.next(), behind.next()) {
            (Some(next), _) if next.is_alphanumeric() || next == '_' => false,
            (Some('-'), Some(digit)) if digit.is_ascii_digit() => false, // a date
            (Some('.'), Some(next)) if next.is_alphanumeric() => false,  // a version or a file
            _ => before != Some('-') && before != Some('.'),
        };
        (ends && !NO_KEYS.contains(&project) && (is_branch || found.as_str() == upper)).then_some(upper)
    })
}

/// The issue that a description closes: `Fixes #12`, `Closes org/other#3`.
fn closed_by(text: &str, repository: &str) -> Option<String> {
    let found = CLOSES.captures(text)?;
    let place = found.get(1).map_or(repository, |place| place.as_str());
    Some(format!("{place}#{}", &found[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_named_by_branch_title_or_a_closing_word() {
        let check = |branch: &str, title: &str, text: &str, expect: Option<&str>| {
            assert_eq!(item_of(Some(branch), Some(title), Some(text), "o/r").as_deref(), expect, "{branch} | {title} | {text}");
        };
        check("feature/pay-12-cache", "Add cache", "", Some("PAY-12"));
        check("main", "PAY-7: add cache", "", Some("PAY-7"));
        check("main", "[PAY-7] add cache", "", Some("PAY-7"));
        check("main", "Use utf-8 and SHA-256", "", None);
        check("fix/utf-8", "x", "", None);
        check("main", "Drop support for es-2015 builds", "", None);
        check("main", "Add cache", "This fixes #12.", Some("o/r#12"));
        check("main", "Add cache", "Closes: other/repo#3", Some("other/repo#3"));
        check("main", "Add cache", "see #12", None);
        check("release-2026-01", "x", "", None);
        check("v-2.1", "x", "", None);
        check("bump/lodash-4.x", "x", "", None);
        check("dependabot/npm_and_yarn/webpack-5", "Bump webpack to 5", "", None);
        check("renovate/pay-12", "PAY-7: x", "", Some("PAY-7"));
        check("user/ada-pay-12", "x", "", None);
        check("pay-12_cache", "x", "", None);
    }

    #[test]
    fn azures_items_are_mentioned_by_their_number() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(azures_item_in(text).as_deref(), expect, "{text}");
        check("#12", Some("AB#12"));
        check("relates to AB#12.", Some("AB#12"));
        check("größer #12", Some("AB#12"));
        check("PAY-7 and #12", Some("AB#12"));
        check("C#7 and x#1, #abc, #12px", None);
    }
}
