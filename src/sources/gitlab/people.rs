//! People as GitLab names them: users by `username`, authors of commits by e-mail. Which of them are machines.

use super::fields::Fields;
use crate::domain::event::is_bot;

/// A user, as far as a payload names one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// GitLab's number, which payloads refer to.
    pub id: Option<u64>,
    /// How others name it.
    pub username: Option<String>,
    /// Whether it is a machine's account.
    pub bot: bool,
}

impl User {
    /// A user object of a webhook or the API.
    pub fn of(fields: &Fields<'_>) -> Result<Self, String> {
        let username = fields.text("username")?;
        let bot = [&username, &fields.text("name")?].into_iter().flatten().any(|name| is_machine(name));
        Ok(Self { id: fields.number("id")?, username, bot })
    }

    /// The users of a list.
    pub fn all(fields: &Fields<'_>, list: &str) -> Result<Vec<Self>, String> {
        fields.objects(list)?.iter().map(Self::of).collect()
    }
}

/// Who wrote a commit: the e-mail address where there is one, else the name, with the address and whether it is a machine.
pub fn author(name: Option<String>, email: Option<String>) -> (Option<String>, Option<String>, bool) {
    let bot = [&name, &email].into_iter().flatten().any(|text| is_machine(text));
    let email = email.filter(|email| email.contains('@')); // GitLab writes `[REDACTED]` where it hides one
    (email.clone().or(name), email, bot)
}

/// A bot by its name, or the account that GitLab makes for the token of a project or group (`project_15_bot_4ffca233`) or
/// for a service.
pub fn is_machine(name_or_email: &str) -> bool {
    let lower = name_or_email.trim().to_lowercase();
    let token = ["project_", "group_"].iter().filter_map(|kind| lower.strip_prefix(kind)).any(|rest| {
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        after.len() < rest.len() && after.strip_prefix("_bot").is_some_and(|end| end.is_empty() || end.starts_with(['_', '@']))
    });
    token || lower.starts_with("service_account_") || is_bot(&lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_machines_are_told_by_name() {
        let check = |name: &str, expect: bool| assert_eq!(is_machine(name), expect, "{name}");
        check("project_15_bot_4ffca233d8298ea1", true);
        check("group_7_bot", true);
        check("project_15_bot@noreply.gitlab.example.com", true);
        check("service_account_group_9_ab", true);
        check("renovate-bot", true);
        check("dependabot[bot]", true);
        check("project_lead", false);
        check("project_15_botanist", false);
        check("project__bot", false);
        check("abbot", false);
        check("[REDACTED]", false);
    }
}
