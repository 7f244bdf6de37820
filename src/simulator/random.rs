//! [`Random`]: the dice of the simulator.
//!
//! Why our own: the sample must stay the same when a crate changes its generator. `SplitMix64` is nine lines, passes the
//! usual batteries and takes any seed. The normal draw is the sum of twelve uniform ones less six, which needs no
//! logarithm: tails end at six sigma, and platforms agree but for the last bit of `exp`, far below a second of time.

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of that name under a seed. Streams of other names are independent, so that one part of the sample can
    /// change without moving the others.
    pub fn stream(seed: u64, name: &str) -> Self {
        // FNV-1a of the name, stirred once with the seed.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut mixed = Self(hash ^ seed.wrapping_mul(0xd6e8_feb8_6659_fd93));
        Self(mixed.bits())
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in 0 (included) to 1 (excluded).
    #[allow(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two bounds.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// True with that probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in 0 to `count` (excluded); 0 where `count` is 0.
    #[allow(clippy::cast_possible_truncation, reason = "the result is below `count`")]
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// One of a list by weight; the last where rounding leaves none.
    pub fn weighted<'a, T>(&mut self, list: &'a [(T, f64)]) -> &'a T {
        let mut left = self.unit() * list.iter().map(|(_, weight)| weight).sum::<f64>();
        for (one, weight) in list {
            if left < *weight {
                return one;
            }
            left -= weight;
        }
        &list[list.len() - 1].0
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Lognormal with that median; `sigma` is the deviation of the logarithm.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Poisson; for means under a few hundred.
    pub fn poisson(&mut self, mean: f64) -> usize {
        let floor = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// An object name as git writes it: 40 hexadecimal digits.
    pub fn sha(&mut self) -> String {
        let (high, low, rest) = (self.bits(), self.bits(), self.bits() >> 32);
        format!("{high:016x}{low:016x}{rest:08x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_never_changes() {
        // The published first values of SplitMix64 for the seed 1234567.
        let mut random = Random(1_234_567);
        assert_eq!(
            [random.bits(), random.bits(), random.bits()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
        assert_ne!(Random::stream(1, "a").bits(), Random::stream(1, "b").bits());
        assert_ne!(Random::stream(1, "a").bits(), Random::stream(2, "a").bits());
    }

    #[test]
    fn draws_have_the_shape_they_say() {
        let mut random = Random::stream(7, "shape");
        let many: Vec<f64> = (0..20_000).map(|_| random.lognormal(5.0, 0.8)).collect();
        let below = many.iter().filter(|value| **value < 5.0).count();
        assert!((9_700..10_300).contains(&below), "{below} of 20000 below the median");
        let sum: usize = (0..10_000).map(|_| random.poisson(4.0)).sum();
        assert!((39_000..41_000).contains(&sum), "{sum}");
        assert_eq!(random.sha().len(), 40);
    }
}
