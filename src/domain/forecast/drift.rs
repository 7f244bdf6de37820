//! [`Spread`]: how far a team's rate may have moved by the time a forecast ends, as a grid of factors.
//!
//! The past weeks say what the rate was. What made "85 %" hold 67 % of the time is that it changes. So a forecast of h weeks multiplies its
//! count by `exp(z s sqrt(h / 13))`, z standard normal, which is a median of 1 and leaves the middle of the forecast alone. s is what is
//! learnt of each team ([`super::calibrate`]): apart for near and far, between them in proportion.
//!
//! Beyond a quarter the drift is held at a quarter's: rates come back. On the seven projects the numbers were chosen on (see
//! [`super::backtest`]) a deviation of 0.4 made the likely promise hold 87 % of the time at 13 weeks, 88 % at 26 and 85 % at 39, the almost
//! sure one 96, 95 and 94 %; growing on with the root of time would be 0.7 at 39 weeks, and hold 93 %.

/// The horizon in weeks that the near spread is of: up to it, nothing else counts.
pub const NEAR: u32 = 4;
/// The horizon in weeks that the far spread is of: from it on, nothing else counts. s is per this many weeks.
pub const FAR: u32 = 13;

/// The grid reaches so many steps to each side of the middle.
const STEPS: i32 = 14;
/// A step of it, in standard deviations. At a quarter the sums below differ from the integrals they stand for by less than a thousandth.
const STEP: f64 = 0.25;

/// The standard deviation of a team's rate, as the logarithm's, over a quarter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// As seen in forecasts of [`NEAR`] weeks.
    pub near: f64,
    /// As seen in forecasts of [`FAR`] weeks.
    pub far: f64,
}

impl Spread {
    /// The same at every horizon.
    pub fn even(spread: f64) -> Self {
        Self { near: spread, far: spread }
    }

    /// The deviation of the rate's logarithm over so many weeks.
    pub fn over(self, weeks: f64) -> f64 {
        let (near, far) = (f64::from(NEAR), f64::from(FAR));
        let part = ((weeks - near) / (far - near)).clamp(0.0, 1.0);
        (self.near + (self.far - self.near) * part) * (weeks.min(far) / far).sqrt()
    }

    /// The factors of the rate over so many weeks, each with its chance; least first.
    pub fn factors(self, weeks: f64) -> Vec<(f64, f64)> {
        let deviation = self.over(weeks);
        let density = |z: f64| (-0.5 * z * z).exp();
        let nodes: Vec<f64> = (-STEPS..=STEPS).map(|step| f64::from(step) * STEP).collect();
        let total: f64 = nodes.iter().map(|z| density(*z)).sum();
        nodes.iter().map(|z| ((deviation * z).exp(), density(*z) / total)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(near: f64, far: f64, weeks: f64, expect: f64) {
        let over = Spread { near, far }.over(weeks);
        assert!((over - expect).abs() < 1e-12, "{near} {far} {weeks}: {over}");
    }

    #[test]
    fn grows_with_the_root_of_time_to_a_quarter_and_from_near_to_far() {
        check(0.4, 0.4, 13.0, 0.4);
        check(0.4, 0.4, 52.0, 0.4);
        check(0.2, 0.6, 2.0, 0.2 * (2.0_f64 / 13.0).sqrt());
        check(0.2, 0.6, 4.0, 0.2 * (4.0_f64 / 13.0).sqrt());
        check(0.2, 0.6, 8.5, 0.4 * (8.5_f64 / 13.0).sqrt());
        check(0.2, 0.6, 26.0, 0.6);
        check(0.0, 0.0, 13.0, 0.0);
    }

    #[test]
    fn the_grid_has_the_chances_and_the_moments_it_stands_for() {
        let factors = Spread::even(0.4).factors(13.0);
        let sum = |of: &dyn Fn(f64) -> f64| factors.iter().map(|(factor, chance)| of(*factor) * chance).sum::<f64>();
        assert!((sum(&|_| 1.0) - 1.0).abs() < 1e-12);
        assert!(sum(&f64::ln).abs() < 1e-12, "the median is 1");
        assert!((sum(&|factor| factor.ln().powi(2)).sqrt() - 0.4).abs() < 0.001);
        assert!((sum(&|factor| factor) - 0.08_f64.exp()).abs() < 0.001);
        assert!(factors.is_sorted_by(|a, b| a.0 < b.0));
    }
}
