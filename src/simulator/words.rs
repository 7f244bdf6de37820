//! Titles and messages: short and plausible, made of what a team works on.

use super::random::Random;

const CHANGES: &[&str] = &[
    "Add {}",
    "Rework {}",
    "Speed up {}",
    "Put {} behind a flag",
    "Test {} with real data",
    "Simplify {}",
    "Fix {} on slow networks",
    "Log errors of {}",
    "Show {} earlier",
    "Cover {} by a contract test",
    "Remove the old {}",
    "Retry {} once",
    "Translate {}",
    "Measure {}",
];
const COMMITS: &[&str] = &[
    "Add a test for {}",
    "Rename fields of {}",
    "Handle empty {}",
    "Extract {}",
    "Fix a typo in {}",
    "Answer review of {}",
    "Wire {} to the config",
    "Guard {} against nulls",
    "Update the snapshot of {}",
    "Move {} to its own module",
    "Make {} read only",
    "Start on {}",
];
const FIXES: &[&str] = &["Fix {} after the last release", "Handle a missing {}", "Raise the limit of {}", "Restore the old {}"];
const STORIES: &[&str] =
    &["Customers can use {}", "New design of {}", "First version of {}", "{} for business customers", "Connect {} to reporting"];
const BUGS: &[&str] = &["{} is wrong on mobile", "{} fails for some users", "{} shows an old value", "Slow {} at noon"];
const TASKS: &[&str] = &["Document {}", "Dashboard for {}", "Clean up {}", "Load test of {}", "Upgrade the library of {}"];
const INCIDENTS: &[&str] =
    &["Errors in {} after a release", "Timeouts in {}", "{} answers slowly", "Wrong {} shown to customers", "No data in {}"];
const PACKAGES: &[&str] = &["serde", "tokio", "react", "typescript", "okhttp", "postgres", "lodash", "vite", "jackson", "openssl"];

/// The trailer of a message that an assistant wrote along.
pub const ASSISTED: &str = "\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>";

/// What a text is about.
#[derive(Debug, Clone, Copy)]
pub enum Text {
    Change,
    Commit,
    Fix,
    Story,
    Bug,
    Task,
    Incident,
}

/// A text about one of the nouns.
pub fn text(random: &mut Random, about: Text, nouns: &[&str]) -> String {
    let forms = match about {
        Text::Change => CHANGES,
        Text::Commit => COMMITS,
        Text::Fix => FIXES,
        Text::Story => STORIES,
        Text::Bug => BUGS,
        Text::Task => TASKS,
        Text::Incident => INCIDENTS,
    };
    let text = random.pick(forms).replace("{}", random.pick::<&str>(nouns));
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A bot's title: one package, one version.
pub fn bump(random: &mut Random) -> String {
    let (major, minor) = (1 + random.below(5), random.below(30));
    format!("Bump {} from {major}.{minor}.0 to {major}.{}.0", random.pick(PACKAGES), minor + 1)
}

/// A title that would ring everybody in a channel, if it were not escaped.
pub const LOUD_CHANGE: &str = "Stop <!channel> & @here spam in release notes :tada: 🚀";
/// A title with markup of its own.
pub const LOUD_ITEM: &str = "Receipts show *bold* & <b>tags</b> 🧾 for <@U0DEMO01>";
