//! Weeks from a CSV file: a column `finished` (or `count`, `items`) of weekly counts, oldest first, or a column of dates on which items
//! were finished; with a column `project` one series each. For series from elsewhere, such as those our own table was measured on.
//!
//! Weeks of dates go from Monday to Monday in UTC, and the one with the last date is left out, since it may not be whole. A date of later
//! than now is refused. No holidays are known here: each week has five working days.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;

use super::Series;
use crate::domain::forecast::backtest::PastWeek;
use crate::domain::forecast::known::{Dated, Past};
use crate::domain::forecast::throughput::{Span, Week, weekly};
use crate::domain::time::{At, DAY, WEEK};

/// The working days of a week.
const FULL: f64 = 5.0;
/// Names of a column of counts.
const COUNTS: [&str; 3] = ["finished", "count", "items"];
/// 5 January 1970, the first Monday.
const MONDAY: i64 = 4 * DAY;

/// When an item was finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Finished(At);

impl Dated for Finished {
    fn known_at(&self) -> At {
        self.0
    }
}

/// The series of a file.
pub fn read(path: &Path, now: At) -> Result<Vec<Series>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}: does it exist?", path.display()))?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let named = parse(&text, now).with_context(|| path.display().to_string())?;
    let name = |project: &str| if project.is_empty() { stem.clone() } else { format!("{stem}, project {project}") };
    Ok(named.into_iter().map(|(project, weeks)| Series { name: name(&project), scope: None, weeks: Ok(weeks), full_week: FULL }).collect())
}

/// Weeks by project; of a file without projects that name is empty.
fn parse(text: &str, now: At) -> Result<BTreeMap<String, Vec<PastWeek>>> {
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header: Vec<String> = rows.headers()?.iter().map(str::to_lowercase).collect();
    let rows: Vec<csv::StringRecord> = rows.records().collect::<Result<_, _>>()?;
    let column = |is_it: &dyn Fn(&str) -> bool| header.iter().position(|name| is_it(name));
    let project = column(&|name| name == "project");
    let of = |row: &csv::StringRecord| project.and_then(|at| row.get(at)).unwrap_or_default().to_owned();
    let is_count = |at: usize| rows.iter().all(|row| row.get(at).is_some_and(|field| field.parse::<u32>().is_ok()));
    if let Some(at) = column(&|name| COUNTS.contains(&name)).filter(|at| is_count(*at)) {
        let mut counts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for row in &rows {
            counts.entry(of(row)).or_default().push(row.get(at).and_then(|field| field.parse().ok()).unwrap_or_default());
        }
        return Ok(counts.into_iter().map(|(project, counts)| (project, counted(&counts, now))).collect());
    }
    let is_dates = |at: usize| rows.iter().all(|row| row.get(at).is_some_and(|field| field.is_empty() || date(field).is_some()));
    let dates: Vec<usize> = (0..header.len()).filter(|at| is_dates(*at) && rows.iter().any(|row| !row[*at].is_empty())).collect();
    let ends = |at: &usize| ["finish", "done", "closed", "resolved", "end"].iter().any(|word| header[*at].contains(word));
    let Some(at) = dates.iter().find(|at| ends(at)).or(dates.first().filter(|_| dates.len() == 1)) else {
        bail!("no column `finished` of weekly counts, and no column of dates whose name says that items were finished");
    };
    let mut finished: BTreeMap<String, Vec<Finished>> = BTreeMap::new();
    for row in &rows {
        finished.entry(of(row)).or_default().extend(row.get(*at).and_then(date).map(Finished));
    }
    finished.into_iter().map(|(project, finished)| Ok((project, dated(&finished, now)?))).collect()
}

/// An instant, or a day's beginning.
fn date(field: &str) -> Option<At> {
    At::parse(field).or_else(|| At::parse(&format!("{}T00:00:00Z", field.parse::<NaiveDate>().ok()?)))
}

/// Weekly counts, of which the last week is the last that is over now.
fn counted(counts: &[u32], now: At) -> Vec<PastWeek> {
    let last = monday(now);
    let before = |weeks: usize| last.plus(-i64::try_from(weeks).unwrap_or(i64::MAX / WEEK) * WEEK);
    counts
        .iter()
        .enumerate()
        .map(|(at, finished)| PastWeek { to: before(counts.len() - 1 - at), week: Week { finished: *finished, days: FULL } })
        .collect()
}

/// Weeks of the instants, the last without its end left out.
fn dated(finished: &[Finished], now: At) -> Result<Vec<PastWeek>> {
    let known: Vec<At> = Past::only(finished, now)?.rows().iter().map(|row| row.0).collect();
    let (Some(first), Some(last)) = (known.iter().min(), known.iter().max()) else { return Ok(Vec::new()) };
    let mut spans = Vec::new();
    let mut from = monday(*first);
    while from.plus(WEEK) <= *last {
        spans.push(Span { from, to: from.plus(WEEK), days: FULL });
        from = from.plus(WEEK);
    }
    Ok(PastWeek::all(&spans, &weekly(&known, &spans, *last)))
}

/// The beginning of a week.
fn monday(at: At) -> At {
    At((at.0 - MONDAY).div_euclid(WEEK) * WEEK + MONDAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T09:00:00Z";

    /// Counts by project, or the sentence.
    fn check(text: &str, expect: Result<&[(&str, &[u32])], &str>) {
        let found = parse(text, At::parse(NOW).unwrap());
        let told = found.map(|all| {
            all.into_iter()
                .map(|(project, weeks)| (project, weeks.iter().map(|week| week.week.finished).collect()))
                .collect::<Vec<(String, Vec<u32>)>>()
        });
        match (told, expect) {
            (Ok(told), Ok(expect)) => {
                assert_eq!(
                    told,
                    expect.iter().map(|(project, counts)| ((*project).to_owned(), counts.to_vec())).collect::<Vec<_>>(),
                    "{text}"
                );
            }
            (Err(error), Err(sentence)) => assert!(format!("{error:#}").contains(sentence), "{error:#}"),
            (told, expect) => panic!("{text}: {told:?}, not {expect:?}"),
        }
    }

    #[test]
    fn counts_and_dates_are_told_apart() {
        check("week,finished\n2026-11-02,3\n2026-11-09,0\n", Ok(&[("", &[3, 0])]));
        check("project,count\nA,1\nB,7\nA,2\n", Ok(&[("A", &[1, 2]), ("B", &[7])]));
        let dates =
            "id,created_date,finished_date\n1,2026-10-01,2026-11-02\n2,2026-10-01,2026-11-08\n3,2026-10-01,2026-11-17\n4,2026-10-01,\n";
        check(dates, Ok(&[("", &[2, 0])]));
        check("key,first_commit_utc\nA-1,2026-11-01T23:59:59Z\nA-2,2026-11-09T00:00:00Z\n", Ok(&[("", &[1, 0])]));
        check("key,name\nA-1,x\n", Err("no column"));
        check("created,started\n2026-11-01,2026-11-02\n", Err("no column"));
    }

    #[test]
    fn a_planted_future_row_is_refused() {
        check("key,done\nA-1,2026-11-01\nA-2,2026-11-25\n", Err("must not look ahead"));
    }

    #[test]
    fn weekly_counts_end_with_the_last_week_that_is_over() {
        let weeks = counted(&[1, 2, 3], At::parse(NOW).unwrap());
        assert_eq!(weeks[2].to.rfc3339(), "2026-11-23T00:00:00Z");
        assert_eq!(weeks[0].to.rfc3339(), "2026-11-09T00:00:00Z");
    }
}
