//! The pictures of `investment`: what projects got week by week, so that a card needs no prose of weeks. A week that is withheld is a gap.
//!
//! Never to be used of persons.

use super::card::{About, LISTED};
use super::compute::Row;
use crate::domain::alloc::{Alert, Band};
use crate::domain::chart::{Chart, Lines, Series, Steps};
use crate::domain::window::local;
use crate::domain::words;

/// Projects drawn: a picture has room for six lines.
const DRAWN: usize = 5;

/// When the weeks began.
fn steps(about: &About<'_>) -> Steps {
    Steps::time(about.found.weeks.iter().map(|week| local::midnight(about.zone, week.monday)), about.zone)
}

/// What the projects of the verdict, then the greatest ones, got week by week. A week that is withheld is a gap.
pub fn by_week(about: &About<'_>) -> Chart {
    let found = about.found;
    let named = |row: &Row| {
        found.alerts.iter().take(1 + LISTED).any(|alert| match alert {
            Alert::OffPlan { project, .. } => *project == row.id,
            Alert::PriorityBelow { top, lower, .. } => *top == row.id || *lower == row.id,
        })
    };
    let mut rows: Vec<&Row> = found.rows.iter().filter(|row| row.items > 0).collect();
    rows.sort_by(|a, b| named(b).cmp(&named(a)).then(b.certain().total_cmp(&a.certain())).then_with(|| a.id.cmp(&b.id)));
    rows.truncate(DRAWN);
    let values = |row: &Row| found.weeks.iter().map(|week| week.project(&row.id).map(|band| band.share[0])).collect();
    let mut lines = Lines { series: Vec::new(), ..Lines::new("fraction", steps(about), "", Vec::new()) };
    lines.series = rows.iter().map(|row| Series { name: row.name.clone(), values: values(row) }).collect();
    let subtitle =
        format!("{}: share that is certain, weeks from Monday; a gap is a week of too few people to show", words::capitalised(about.name));
    Chart::new("Effort by week", lines).subtitle(subtitle)
}

/// What a project got week by week.
pub fn of_weeks(about: &About<'_>, id: &str) -> Chart {
    let bands: Vec<Option<Band>> = about.found.weeks.iter().map(|week| week.project(id)).collect();
    let low = bands.iter().map(|band| band.map(|band| band.share[0])).collect();
    let lines = Lines::new("fraction", steps(about), "certain", low);
    let lines = lines.band("up to all that may be its", bands.iter().map(|band| band.map(|band| band.share)).collect());
    Chart::new(format!("Effort on {} by week", about.org.project_name(id)), lines)
        .subtitle("Share of the organisation's effort; a gap is a week of too few people to show")
}
