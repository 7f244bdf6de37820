//! Where a figure stands: the published bands, and a team's own target.
//!
//! The bands are those of the 2024 DORA report, the last with tiers. Its cluster means for change fail rate are not monotone, so those
//! cuts are our own: to 5 %, 10 %, 15 %. No band was ever published for rework rate.
//!
//! A band is printed only if the whole interval lies in it, and nothing is printed without an interval: two deployments that both went
//! well don't make a team elite.
//!
//! Which side a cut belongs to: "above 7" leaves 7 a week in high, and 1 and 12/52 a week begin high and medium; "under 1 d" leaves one
//! day to the next band, which it begins; "to 5 %" includes 5 %.
//!
//! Why a target needs an interval too, where the figure has one: three quick recoveries neither meet nor miss a target yet. Figures that
//! are counts of what is there (work in progress) have none, and their value decides. Exactly at the target is met.
//!
//! After 2024 there are no tiers: [`quick_check`] has what is published instead, by industry and size.

pub mod answer;
pub mod quick_check;

use super::card::Band;
use super::metric;
use super::words::Better;

/// The source printed beside every band.
pub const SOURCE: &str = "DORA 2024";

/// The bands, best first.
const NAMES: [&str; 4] = ["elite", "high", "medium", "low"];

const HOUR_SECS: f64 = 3_600.0;
const DAY_SECS: f64 = 86_400.0;

/// The band of a metric; none without a value, an interval or a published table.
///
/// Where the interval reaches over several bands the name is none and `candidates` lists them all, best first.
pub fn band(metric_id: &str, interval: Option<[f64; 2]>, value: Option<f64>) -> Option<Band> {
    let (value, [low, high]) = (value?, interval?);
    // The value belongs to what is shown, so the band has to hold it as well.
    let (one_end, other_end) = (place(metric_id, low.min(value))?, place(metric_id, high.max(value))?);
    let names = &NAMES[one_end.min(other_end)..=one_end.max(other_end)];
    let (name, candidates) = match names {
        [only] => (Some((*only).to_owned()), Vec::new()),
        several => (None, several.iter().map(|&name| name.to_owned()).collect()),
    };
    Some(Band { name, candidates, source: SOURCE.to_owned() })
}

/// The place in [`NAMES`] of a single value.
fn place(metric_id: &str, value: f64) -> Option<usize> {
    if value.is_nan() {
        return None;
    }
    let under = |cuts: [f64; 3]| cuts.iter().filter(|&&cut| value >= cut).count();
    match metric_id {
        "deployment_frequency" => Some([value <= 7.0, value < 1.0, value < 12.0 / 52.0].into_iter().filter(|&worse| worse).count()),
        "change_lead_time" => Some(under([DAY_SECS, 7.0 * DAY_SECS, 30.0 * DAY_SECS])),
        "failed_deployment_recovery_time" => Some(under([HOUR_SECS, DAY_SECS, 7.0 * DAY_SECS])),
        "change_fail_rate" => Some([0.05, 0.10, 0.15].into_iter().filter(|&most| value > most).count()),
        _ => None,
    }
}

/// Whether a figure meets a team's own target: `met`, `missed` or `not_separable`; none without a value.
///
/// Met if the whole interval is on the good side or at the target, missed if wholly beyond it. Without an interval there is too
/// little to judge, but for what is counted whole.
pub fn target_status(metric_id: &str, target: f64, value: Option<f64>, interval: Option<[f64; 2]>) -> Option<&'static str> {
    let value = value?;
    let (low, high) = match interval {
        Some([low, high]) => (low.min(value), high.max(value)),
        None if metric::is_counted(metric_id) => (value, value),
        None => return Some("not_separable"),
    };
    let (met, missed) = match metric::find(metric_id)?.better {
        Better::Higher => (low >= target, high < target),
        Better::Lower => (high <= target, low > target),
        Better::Neither => return None,
    };
    Some(match (met, missed) {
        (true, _) => "met",
        (_, true) => "missed",
        _ => "not_separable",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEAD: &str = "change_lead_time";
    const RECOVERY: &str = "failed_deployment_recovery_time";
    const FAIL: &str = "change_fail_rate";
    const OFTEN: &str = "deployment_frequency";

    fn names(metric_id: &str, low: f64, high: f64) -> String {
        let band = band(metric_id, Some([low, high]), Some(f64::midpoint(low, high))).unwrap();
        assert_eq!(band.source, "DORA 2024");
        assert_eq!(band.name.is_none(), band.candidates.len() > 1);
        band.name.unwrap_or_else(|| band.candidates.join(" or "))
    }

    #[test]
    fn cuts_belong_to_the_side_the_words_say() {
        let check = |metric_id, value, expect| assert_eq!(names(metric_id, value, value), expect, "{metric_id} {value}");
        check(OFTEN, 7.000_001, "elite");
        check(OFTEN, 7.0, "high");
        check(OFTEN, 1.0, "high");
        check(OFTEN, 0.999_999, "medium");
        check(OFTEN, 3.0 / 13.0, "medium");
        check(OFTEN, 0.230_769, "low");
        check(OFTEN, 0.0, "low");
        check(LEAD, 0.0, "elite");
        check(LEAD, 86_399.999_999, "elite");
        check(LEAD, 86_400.0, "high");
        check(LEAD, 604_799.0, "high");
        check(LEAD, 604_800.0, "medium");
        check(LEAD, 2_591_999.0, "medium");
        check(LEAD, 2_592_000.0, "low");
        check(RECOVERY, 3_599.0, "elite");
        check(RECOVERY, 3_600.0, "high");
        check(RECOVERY, 86_400.0, "medium");
        check(RECOVERY, 604_800.0, "low");
        check(FAIL, 0.0, "elite");
        check(FAIL, 3.0 / 60.0, "elite");
        check(FAIL, 0.050_001, "high");
        check(FAIL, 10.0 / 100.0, "high");
        check(FAIL, 0.100_001, "medium");
        check(FAIL, 15.0 / 100.0, "medium");
        check(FAIL, 0.150_001, "low");
        check(FAIL, 1.0, "low");
    }

    #[test]
    fn an_interval_over_several_bands_names_them_best_first() {
        let check = |metric_id, low, high, expect| assert_eq!(names(metric_id, low, high), expect, "{metric_id} {low} {high}");
        check(OFTEN, 7.1, 30.0, "elite");
        check(OFTEN, 7.0, 30.0, "elite or high");
        check(OFTEN, 1.0, 7.0, "high");
        check(OFTEN, 0.0, 8.0, "elite or high or medium or low");
        check(LEAD, 3_600.0, 86_400.0, "elite or high");
        check(LEAD, 86_400.0, 604_800.0, "high or medium");
        check(FAIL, 0.01, 0.05, "elite");
        check(FAIL, 0.05, 0.10, "elite or high");
        check(FAIL, 0.02, 0.12, "elite or high or medium");
    }

    #[test]
    fn nothing_is_printed_that_is_not_known() {
        assert_eq!(band(LEAD, None, Some(60.0)), None);
        assert_eq!(band(LEAD, Some([1.0, 2.0]), None), None);
        assert_eq!(band(LEAD, Some([f64::NAN; 2]), Some(f64::NAN)), None);
        assert_eq!(band("deployment_rework_rate", Some([0.0, 0.1]), Some(0.05)), None);
        assert_eq!(band("cycle_time", Some([1.0, 2.0]), Some(1.5)), None);
    }

    #[test]
    fn targets_are_met_missed_or_not_separable() {
        let check = |metric_id, target, interval: Option<[f64; 2]>, expect| {
            let value = interval.map_or(10.0, |[low, high]| f64::midpoint(low, high));
            assert_eq!(target_status(metric_id, target, Some(value), interval), Some(expect), "{metric_id} {target} {interval:?}");
        };
        check(LEAD, 10.0, Some([5.0, 10.0]), "met");
        check(LEAD, 10.0, Some([5.0, 10.1]), "not_separable");
        check(LEAD, 10.0, Some([10.0, 12.0]), "not_separable");
        check(LEAD, 10.0, Some([10.1, 12.0]), "missed");
        check(OFTEN, 5.0, Some([5.0, 9.0]), "met");
        check(OFTEN, 5.0, Some([1.0, 5.0]), "not_separable");
        check(OFTEN, 5.0, Some([1.0, 4.9]), "missed");
        check(LEAD, 11.0, None, "not_separable");
        check("wip", 10.0, None, "met");
        check("wip", 9.0, None, "missed");
        check("items_done", 9.0, None, "not_separable");
        assert_eq!(target_status(LEAD, 1.0, None, Some([0.0, 2.0])), None);
    }

    proptest! {
        #[test]
        fn a_better_value_never_has_a_worse_band(a in 0.0..3e6f64, b in 0.0..3e6f64, scale in 0..4u8) {
            for (metric_id, scale) in [(LEAD, 1.0), (RECOVERY, 1.0), (FAIL, 3e6), (OFTEN, 3e5 * 10.0_f64.powi(i32::from(scale)))] {
                let (least, most) = (place(metric_id, a.min(b) / scale).unwrap(), place(metric_id, a.max(b) / scale).unwrap());
                let ordered = if metric::find(metric_id).unwrap().better == Better::Higher { most <= least } else { least <= most };
                prop_assert!(ordered);
            }
        }
    }
}
