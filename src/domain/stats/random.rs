//! [`SplitMix64`]: a small source of numbers that look random and never change.
//!
//! Why our own: `rand` may change its generators between versions, and a receipt has to give the same interval for ever. The algorithm is
//! Steele, Lea and Flood's (2014): a counter in steps of the golden ratio, stirred. It passes `BigCrush`; it is not for secrets.

/// A generator, wholly determined by its seed.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn next_bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `bound`; 0 for a bound of 0.
    ///
    /// The upper half of a product: for bounds of this program's size its bias is below one in 2^40, so nothing is thrown away.
    #[allow(clippy::cast_possible_truncation, reason = "the upper half of a product with a usize is below that usize")]
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_bits()) * (bound as u128)) >> 64) as usize
    }
}

/// What the simulations of the tests draw besides.
#[cfg(test)]
impl SplitMix64 {
    /// A number above 0 and below 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.next_bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A standard normal variable, after Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A Poisson count by Knuth's product, in parts since e^-mean must not vanish.
    pub(crate) fn poisson(&mut self, mut mean: f64) -> u32 {
        let mut count = 0;
        while mean > 0.0 {
            let limit = (-mean.min(30.0)).exp();
            mean -= 30.0;
            let mut product = self.unit();
            while product > limit {
                count += 1;
                product *= self.unit();
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_numbers() {
        // The reference values of the authors' C program for the seed 1234567.
        let mut random = SplitMix64::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| random.next_bits()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_evenly_below_a_bound() {
        let mut random = SplitMix64::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..60_000 {
            seen[random.below(6)] += 1;
        }
        assert!(seen.iter().all(|&times| (9_600..10_400).contains(&times)), "{seen:?}");
    }
}
