//! The cast of the sample organisation: teams, services, people, projects, as tables. Ages are in days before now.

use super::random::Random;
use crate::domain::improvement::Wanted;

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

/// A portfolio project.
pub struct ProjectRow {
    pub id: &'static str,
    pub name: &'static str,
    pub priority: u32,
    pub planned_share: f64,
    /// None: it has no date.
    pub due_in_days: Option<u64>,
    pub objective: &'static str,
    pub category: &'static str,
    /// The team that answers for it.
    pub team: &'static str,
    pub epic: &'static str,
    /// Days since its items were thought of.
    pub planned_days_ago: u64,
    /// How many of its items were only thought of later.
    pub growth: f64,
    /// The part of its backlog that came at once, some weeks ago.
    pub burst: f64,
    /// Its open items against what its pace makes of the time until its date.
    pub load: f64,
    /// Items that were begun long ago and rest.
    pub resting: usize,
}

/// An improvement that a team declared.
pub struct ImprovementRow {
    pub name: &'static str,
    pub team: &'static str,
    pub metric: &'static str,
    pub wanted: Wanted,
    pub days_ago: u64,
    pub by: &'static str,
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

/// One that takes hold, and one of which nothing is to be seen yet.
pub const IMPROVEMENTS: &[ImprovementRow] = &[
    ImprovementRow {
        name: "Smaller batches",
        team: "payments",
        metric: "change_lead_time",
        wanted: Wanted::Less,
        days_ago: IMPROVED_DAYS_AGO,
        by: "u41",
    },
    ImprovementRow {
        name: "Review before lunch",
        team: "search",
        metric: "change_lead_time",
        wanted: Wanted::Less,
        days_ago: 84,
        by: "u17",
    },
];

/// Id, name, owner.
pub const OBJECTIVES: &[(&str, &str, &str)] = &[
    ("grow", "Grow orders by a fifth", "u41"),
    ("trust", "Customers can rely on us", "u41"),
    ("lean", "Deliver more with the same people", "u24"),
];

pub const PROJECTS: &[ProjectRow] = &[
    project("wallet", "Wallet payments", (2, 0.1, Some(75)), ("grow", "new"), ("payments", "PAY-1"), (300, 0.1, 0.42)),
    project("one-page-checkout", "One-page checkout", (1, 0.16, Some(40)), ("grow", "new"), ("checkout", "CHK-1"), (290, 0.12, 0.76)),
    ProjectRow {
        resting: 4,
        ..project("psd3", "PSD3 compliance", (1, 0.2, Some(60)), ("trust", "ktlo"), ("payments", "PAY-2"), (285, 0.05, 2.4))
    },
    ProjectRow {
        burst: 0.5,
        ..project("relevance", "Search relevance", (2, 0.13, Some(100)), ("grow", "improving"), ("search", "SRC-1"), (330, 0.08, 1.1))
    },
    project("app-5", "App 5", (2, 0.13, Some(55)), ("grow", "new"), ("mobile", "MOB-1"), (280, 0.1, 0.62)),
    project("steady-checkout", "Steady checkout", (2, 0.07, Some(120)), ("trust", "improving"), ("checkout", "CHK-2"), (310, 0.1, 0.55)),
    project("cloud-move", "Cloud move", (3, 0.07, Some(150)), ("lean", "improving"), ("platform", "PLT-1"), (360, 0.1, 0.42)),
    project(
        "golden-path",
        "Golden path for services",
        (3, 0.06, Some(90)),
        ("lean", "productivity"),
        ("platform", "PLT-2"),
        (295, 0.1, 0.48),
    ),
    project("shopping-assistant", "Shopping assistant", (3, 0.03, None), ("grow", "new"), ("labs", "LAB-1"), (125, 0.15, 0.7)),
];

const fn project(
    id: &'static str,
    name: &'static str,
    (priority, planned_share, due_in_days): (u32, f64, Option<u64>),
    (objective, category): (&'static str, &'static str),
    (team, epic): (&'static str, &'static str),
    (planned_days_ago, growth, load): (u64, f64, f64),
) -> ProjectRow {
    let (burst, resting) = (0.0, 0);
    ProjectRow {
        id,
        name,
        priority,
        planned_share,
        due_in_days,
        objective,
        category,
        team,
        epic,
        planned_days_ago,
        growth,
        burst,
        load,
        resting,
    }
}

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
