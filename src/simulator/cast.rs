//! The cast of the sample organisation: teams, services, people, as tables. Ages are in days before now.

use super::random::Random;

/// A team and how much it does.
pub struct TeamRow {
    pub id: &'static str,
    pub name: &'static str,
    pub parent: Option<&'static str>,
    /// Prefix of its work items; a group of teams has none.
    pub key: Option<&'static str>,
    pub items_per_week: f64,
    /// The part of them that comes planned.
    pub planned: f64,
    /// Working hours from start to done, median.
    pub item_hours: f64,
    /// Metric and target, as TOML.
    pub targets: &'static [(&'static str, &'static str)],
    /// What its work is about.
    pub nouns: &'static [&'static str],
}

/// A service.
pub struct ServiceRow {
    pub id: &'static str,
    pub repository: &'static str,
    pub path: Option<&'static str>,
    /// The team that owned it first.
    pub team: &'static str,
    /// The team that owns it since, and for how many days.
    pub moved: Option<(&'static str, u64)>,
    pub staging: bool,
}

/// A person in Slack.
pub struct PersonRow {
    pub id: &'static str,
    pub name: &'static str,
    pub fte: f64,
    /// Teams with the days before now between which the person was in it.
    pub teams: &'static [(&'static str, Option<u64>, Option<u64>)],
}

/// Days since `notifications` and two people moved from Platform to Checkout.
pub const REORGANISED_DAYS_AGO: u64 = 150;
/// Days since Payments began to work in small batches.
pub const IMPROVED_DAYS_AGO: u64 = 70;
/// Days since Search began to fail more often.
pub const DECLINED_DAYS_AGO: u64 = 90;
/// Days since Labs began.
pub const LABS_DAYS_AGO: u64 = 35;

const fn group(id: &'static str, name: &'static str) -> TeamRow {
    TeamRow { id, name, parent: None, key: None, items_per_week: 0.0, planned: 0.0, item_hours: 0.0, targets: &[], nouns: &[] }
}

pub const TEAMS: &[TeamRow] = &[
    group("commerce", "Commerce"),
    TeamRow {
        id: "payments",
        name: "Payments",
        parent: Some("commerce"),
        key: Some("PAY"),
        items_per_week: 10.0,
        planned: 0.7,
        item_hours: 18.0,
        targets: &[("change_lead_time", "\"3d\""), ("change_fail_rate", "0.15"), ("deployment_frequency", "4.0")],
        nouns: &[
            "card vault",
            "refund flow",
            "3-D Secure step",
            "payout report",
            "SEPA mandate",
            "wallet top-up",
            "chargeback inbox",
            "fee table",
            "invoice export",
            "retry queue",
            "currency rounding",
            "bank reconciliation",
        ],
    },
    TeamRow {
        id: "checkout",
        name: "Checkout",
        parent: Some("commerce"),
        key: Some("CHK"),
        items_per_week: 12.0,
        planned: 0.6,
        item_hours: 15.0,
        targets: &[("change_lead_time", "\"5d\""), ("change_fail_rate", "0.05"), ("deployment_frequency", "4.0")],
        nouns: &[
            "address form",
            "basket totals",
            "voucher field",
            "guest checkout",
            "delivery slots",
            "order summary",
            "stock hold",
            "gift wrap",
            "e-mail receipts",
            "tax lines",
            "express lane",
            "saved baskets",
        ],
    },
    group("discovery", "Discovery"),
    TeamRow {
        id: "search",
        name: "Search",
        parent: Some("discovery"),
        key: Some("SRC"),
        items_per_week: 9.0,
        planned: 0.55,
        item_hours: 16.0,
        targets: &[("change_lead_time", "\"4d\""), ("change_fail_rate", "0.1"), ("deployment_frequency", "3.0")],
        nouns: &[
            "typo tolerance",
            "synonym list",
            "facet counts",
            "ranking features",
            "index rebuild",
            "query log",
            "suggestions",
            "zero-result page",
            "price filter",
            "image search",
            "German stemming",
            "cold start",
        ],
    },
    TeamRow {
        id: "platform",
        name: "Platform",
        parent: None,
        key: Some("PLT"),
        items_per_week: 11.0,
        planned: 0.65,
        item_hours: 9.0,
        targets: &[("change_lead_time", "\"1d\""), ("change_fail_rate", "0.05"), ("deployment_frequency", "7.0")],
        nouns: &[
            "login page",
            "session store",
            "rate limits",
            "build cache",
            "tracing headers",
            "secret rotation",
            "base image",
            "route table",
            "TLS settings",
            "audit log",
            "feature flags",
            "health checks",
        ],
    },
    TeamRow {
        id: "mobile",
        name: "Mobile",
        parent: None,
        key: Some("MOB"),
        items_per_week: 7.0,
        planned: 0.6,
        item_hours: 24.0,
        targets: &[("change_lead_time", "\"10d\""), ("deployment_frequency", "1.0")],
        nouns: &[
            "push opt-in",
            "offline basket",
            "product gallery",
            "deep links",
            "dark mode",
            "app start",
            "barcode scan",
            "crash reports",
            "onboarding",
            "home screen widget",
            "screen reader labels",
            "store listing",
        ],
    },
    TeamRow {
        id: "labs",
        name: "Labs",
        parent: None,
        key: Some("LAB"),
        items_per_week: 4.0,
        planned: 0.85,
        item_hours: 14.0,
        targets: &[],
        nouns: &["prompt set", "size advice", "chat window", "answer ranking", "product cards", "feedback buttons", "guard rails"],
    },
];

const fn service(id: &'static str, repository: &'static str, team: &'static str, staging: bool) -> ServiceRow {
    ServiceRow { id, repository, path: None, team, moved: None, staging }
}

pub const SERVICES: &[ServiceRow] = &[
    service("payments-api", "acme/payments-api", "payments", true),
    service("ledger", "acme/ledger", "payments", true),
    ServiceRow { path: Some("checkout/**"), ..service("checkout", "acme/shop", "checkout", true) },
    ServiceRow { path: Some("cart/**"), ..service("cart", "acme/shop", "checkout", true) },
    ServiceRow { moved: Some(("checkout", REORGANISED_DAYS_AGO)), ..service("notifications", "acme/notifications", "platform", false) },
    service("search-api", "acme/search-api", "search", true),
    service("search-indexer", "acme/search-indexer", "search", false),
    service("identity", "acme/identity", "platform", true),
    service("gateway", "acme/gateway", "platform", true),
    service("mobile-app", "acme/mobile-app", "mobile", false),
    service("assistant", "acme/assistant", "labs", false),
];

const fn person(id: &'static str, name: &'static str, teams: &'static [(&'static str, Option<u64>, Option<u64>)]) -> PersonRow {
    PersonRow { id, name, fte: 1.0, teams }
}

const PAYMENTS: &[(&str, Option<u64>, Option<u64>)] = &[("payments", None, None)];
const CHECKOUT: &[(&str, Option<u64>, Option<u64>)] = &[("checkout", None, None)];
const SEARCH: &[(&str, Option<u64>, Option<u64>)] = &[("search", None, None)];
const PLATFORM: &[(&str, Option<u64>, Option<u64>)] = &[("platform", None, None)];
const MOBILE: &[(&str, Option<u64>, Option<u64>)] = &[("mobile", None, None)];
const MOVED: &[(&str, Option<u64>, Option<u64>)] =
    &[("platform", None, Some(REORGANISED_DAYS_AGO)), ("checkout", Some(REORGANISED_DAYS_AGO), None)];

pub const PEOPLE: &[PersonRow] = &[
    person("u01", "Mira Kowalski", PAYMENTS),
    person("u02", "Jonas Weber", PAYMENTS),
    person("u03", "Amara Okafor", PAYMENTS),
    person("u04", "Luca Romano", PAYMENTS),
    PersonRow { fte: 0.8, ..person("u05", "Hanna Lindqvist", PAYMENTS) },
    person("u06", "Deniz Arslan", PAYMENTS),
    person("u07", "Sofia Marques", PAYMENTS),
    person("u08", "Tom Becker", &[("checkout", None, Some(240)), ("payments", Some(240), None)]),
    person("u09", "Priya Nair", CHECKOUT),
    person("u10", "Felix Hoffmann", CHECKOUT),
    person("u11", "Chloe Martin", CHECKOUT),
    person("u12", "Omar Haddad", CHECKOUT),
    PersonRow { fte: 0.6, ..person("u13", "Greta Neumann", CHECKOUT) },
    person("u14", "Mateo Silva", CHECKOUT),
    person("u15", "Yuki Tanaka", CHECKOUT),
    person("u16", "Anna Petrova", CHECKOUT),
    person("u17", "Ben Schulz", SEARCH),
    person("u18", "Leila Farahani", SEARCH),
    person("u19", "Marek Novak", SEARCH),
    PersonRow { fte: 0.8, ..person("u20", "Ingrid Solberg", SEARCH) },
    person("u21", "Rafael Costa", SEARCH),
    person("u22", "Nina Vogel", &[("search", None, Some(120))]),
    person("u23", "Samir Patel", &[("search", Some(95), None)]),
    person("u24", "Clara Winter", PLATFORM),
    person("u25", "Emeka Obi", PLATFORM),
    person("u26", "Paul Richter", PLATFORM),
    person("u27", "Zoe Dubois", PLATFORM),
    person("u28", "Viktor Horvat", PLATFORM),
    person("u29", "Lena Krause", PLATFORM),
    person("u30", "Arjun Mehta", MOVED),
    person("u31", "Eva Jansen", MOVED),
    person("u32", "Noah Fischer", MOBILE),
    person("u33", "Isabel Ruiz", MOBILE),
    person("u34", "Kofi Mensah", MOBILE),
    person("u35", "Marie Laurent", MOBILE),
    PersonRow { fte: 0.8, ..person("u36", "Stefan Braun", MOBILE) },
    person("u37", "Tuuli Laine", MOBILE),
    person("u38", "David Cohen", &[("platform", None, Some(LABS_DAYS_AGO)), ("labs", Some(LABS_DAYS_AGO), None)]),
    person("u39", "Aylin Demir", &[("search", None, Some(LABS_DAYS_AGO)), ("labs", Some(LABS_DAYS_AGO), None)]),
    person("u40", "Finn O'Connor", &[("labs", Some(LABS_DAYS_AGO), None)]),
    person("u41", "Katrin Sommer", &[]),
];

/// Who may set pacer up in the sample workspace: Platform's lead and the head of engineering.
pub const ADMINS: &[&str] = &["u24", "u41"];

/// Who leads what: team, person. Payments and Checkout are led together, by Commerce's lead.
pub const LEADS: &[(&str, &str)] = &[("commerce", "u41"), ("discovery", "u17"), ("platform", "u24"), ("mobile", "u32"), ("labs", "u38")];

/// Whom the sandbox begins as, and their team: somebody with something to do on any day.
pub const FIRST: (&str, &str) = ("u01", "payments");

/// The row of a team. Ids come from the tables here, so that there is one.
pub fn team(id: &str) -> &'static TeamRow {
    TEAMS.iter().find(|team| team.id == id).unwrap_or(&TEAMS[0])
}

impl ServiceRow {
    /// The team that owned it so many days ago.
    pub fn owner(&self, days_ago: f64) -> &'static str {
        match self.moved {
            Some((team, since)) if days_ago <= whole(since) => team,
            _ => self.team,
        }
    }
}

/// Somebody who was in the team so many days ago: in a young team's first days, whoever is in it first.
pub fn member(random: &mut Random, team: &str, days_ago: f64) -> &'static str {
    let was_in = |person: &&PersonRow| {
        person.teams.iter().any(|(id, from, until)| {
            *id == team && from.is_none_or(|from| days_ago <= whole(from)) && until.is_none_or(|until| days_ago > whole(until))
        })
    };
    let count = PEOPLE.iter().filter(was_in).count();
    let index = random.below(count);
    let found = PEOPLE.iter().filter(was_in).nth(index);
    found.or_else(|| PEOPLE.iter().rev().find(|person| person.teams.iter().any(|(id, ..)| *id == team))).map_or("u41", |person| person.id)
}

#[allow(clippy::cast_precision_loss, reason = "days of a year")]
fn whole(days: u64) -> f64 {
    days as f64
}
