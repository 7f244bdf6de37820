//! People as GitLab names them: users by `username`, authors of commits by e-mail.

use crate::domain::machines::is_bot;
use crate::sources::object::Object;

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
    pub fn of(user: &Object<'_>) -> Result<Self, String> {
        let username = user.text("username")?;
        let bot = [&username, &user.text("name")?].into_iter().flatten().any(|name| is_bot(name));
        Ok(Self { id: user.count("id")?, username, bot })
    }

    /// The users of a list.
    pub fn all(of: &Object<'_>, list: &str) -> Result<Vec<Self>, String> {
        of.objects(list)?.iter().map(Self::of).collect()
    }
}

/// Who wrote a commit: the e-mail address where there is one, else the name, with the address and whether it is a machine.
pub fn author(name: Option<String>, email: Option<String>) -> (Option<String>, Option<String>, bool) {
    let bot = [&name, &email].into_iter().flatten().any(|text| is_bot(text));
    let email = email.filter(|email| email.contains('@')); // GitLab writes `[REDACTED]` where it hides one
    (email.clone().or(name), email, bot)
}
