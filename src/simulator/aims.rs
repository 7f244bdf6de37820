//! What the sample organisation is after: its objectives, portfolio projects and declared improvements, as tables. Ages are in days before now.

use super::cast::IMPROVED_DAYS_AGO;
use crate::domain::improvement::Wanted;

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
