//! Who is no person: bots, accounts of machines, assistants. Told by names and trailers alone; no style of code or text is
//! guessed at. The one place of these rules, so that two sources never disagree about one commit.

/// Whether an author or reviewer is a bot (rule 8 of the metric definitions), or an account that a forge makes for a machine:
/// GitLab's for the token of a project or group (`project_15_bot_4ffca233`) or for a service, Azure's build service.
pub fn is_bot(name_or_email: &str) -> bool {
    let lower = name_or_email.trim().to_lowercase();
    let named = lower.contains("[bot]") || ["dependabot", "renovate", "service_account_"].iter().any(|start| lower.starts_with(start));
    named || is_token(&lower) || lower.ends_with("build service") || lower.contains(" build service (")
}

/// `project_15_bot`, `group_7_bot_4ffca233`, `project_15_bot@noreply.gitlab.example.com`.
fn is_token(lower: &str) -> bool {
    ["project_", "group_"].iter().filter_map(|kind| lower.strip_prefix(kind)).any(|rest| {
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        after.len() < rest.len() && after.strip_prefix("_bot").is_some_and(|end| end.is_empty() || end.starts_with(['_', '@']))
    })
}

/// Whether a branch is one that a bot made. Its words are a package and a version.
pub fn is_bots_branch(name: &str) -> bool {
    ["renovate/", "dependabot/"].iter().any(|start| name.starts_with(start))
}

/// Agents that write commits or changes, as their accounts and trailers name them. Evidence is explicit or there is none:
/// no style of code or text is guessed at.
const ASSISTANTS: [&str; 14] = [
    "copilot",
    "claude",
    "cursoragent",
    "cursor agent",
    "devin-ai",
    "devin ai",
    "openai codex",
    "codex",
    "gemini-code-assist",
    "google-labs-jules",
    "amazon q",
    "aider",
    "windsurf",
    "openhands",
];

/// Whether an account is an assistant's.
pub fn is_assistant(name_or_email: &str) -> bool {
    let lower = name_or_email.trim().to_lowercase();
    ASSISTANTS
        .iter()
        .any(|known| lower.strip_prefix(known).is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_alphabetic())))
}

/// Whether a commit's message says that an assistant wrote along: a trailer `Co-authored-by` (or `Assisted-by`,
/// `Generated-by`) that names one.
pub fn says_assisted(message: &str) -> bool {
    message.lines().skip(1).any(|line| {
        let Some((trailer, who)) = line.trim().split_once(':') else { return false };
        let named = ["co-authored-by", "assisted-by", "generated-by"].iter().any(|known| trailer.eq_ignore_ascii_case(known));
        let (name, email) = who.split_once('<').unwrap_or((who, ""));
        named && (is_assistant(name) || is_assistant(email))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assistant_is_told_by_its_account_or_a_trailer_alone() {
        let check = |message: &str, expect: bool| assert_eq!(says_assisted(message), expect, "{message}");
        check("Add cache\n\nCo-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>", true);
        check("Add cache\n\nCo-Authored-By: Claude Opus 4 <noreply@anthropic.com>", true);
        check("Add cache\n\nCo-authored-by: Claudette Colbert <cc@example.com>", false);
        check("Add cache\n\nCo-authored-by: Ada <ada@example.com>", false);
        check("Ask Claude: Co-authored-by", false);
        check("Assisted-by: Claude", false); // a subject is no trailer
        assert!(is_assistant("copilot-swe-agent[bot]") && is_assistant("Devin-AI-Integration[bot]"));
        assert!(!is_assistant("dependabot[bot]") && !is_assistant("cursory"));
    }

    #[test]
    fn accounts_of_machines_are_told_by_name() {
        let check = |name: &str, expect: bool| assert_eq!(is_bot(name), expect, "{name}");
        check("project_15_bot_4ffca233d8298ea1", true);
        check("group_7_bot", true);
        check("project_15_bot@noreply.gitlab.example.com", true);
        check("service_account_group_9_ab", true);
        check("renovate-bot", true);
        check("dependabot[bot]", true);
        check("Fabrikam Build Service (fabrikam)", true);
        check("Project Collection Build Service", true);
        check("project_lead", false);
        check("project_15_botanist", false);
        check("project__bot", false);
        check("abbot", false);
        check("[REDACTED]", false);
        assert!(is_bots_branch("renovate/lodash-4.x") && is_bots_branch("dependabot/npm/x-1") && !is_bots_branch("renovate-docs"));
    }
}
