"""What SciPy and NumPy give for the questions src/domain/stats answers.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scipy==1.17.1 numpy
    /tmp/venv/bin/python tests/statistics/oracle.py > tests/statistics/oracle.json

The output is checked in and read by the unit tests, so that tests need no Python.
Nothing here follows the Rust code: library functions where there are any, else the definition written out.
"""

import json

import numpy as np
import scipy
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaincinv

random = np.random.default_rng(20261124)
Z = stats.norm.ppf(0.975)


def quantile():
    samples = [[3.0], [1.0, 2.0], [1.0, 2.0, 4.0, 8.0], sorted(random.lognormal(10, 1, 37).round(3).tolist())]
    ps = [0.0, 0.025, 0.25, 0.5, 0.75, 0.9, 0.975, 1.0]
    return [{"sorted": s, "p": p, "value": float(np.quantile(s, p, method="linear"))} for s in samples for p in ps]


def wilson():
    pairs = [(0, 1), (1, 1), (0, 10), (1, 10), (5, 10), (10, 10), (3, 60), (7, 41), (0, 125), (1, 125), (64, 125), (125, 125)]
    pairs += [(2, 3), (999, 1000), (15_000, 125_000), (1, 1_000_000)]
    result = []
    for k, n in pairs:
        ci = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        low, high = (0.0 if k == 0 else float(ci.low)), (1.0 if k == n else float(ci.high))
        result.append({"successes": k, "n": n, "interval": [low, high]})
    return result


def median_rank():
    result = []
    for n in [*range(0, 201), 1_000, 1_075, 12_345, 100_000, 1_000_001]:
        at = int(stats.binom.ppf(0.025, n, 0.5)) + 2
        while at > 0 and stats.binom.cdf(at - 1, n, 0.5) > 0.025:
            at -= 1
        result.append({"n": n, "rank": at if at > 0 else None})
    return result


def gamma_quantile():
    shapes = [0.02, 0.05, 0.3, 0.5, 1.0, 1.5, 2.0, 3.7, 10.0, 14.9, 15.1, 50.0, 333.3, 1e3, 12_345.6, 1e5, 1e6]
    return [{"shape": a, "p": p, "value": float(gammaincinv(a, p))} for a in shapes for p in (0.025, 0.5, 0.975)]


def normal_tail():
    return [{"z": z, "value": float(stats.norm.sf(z))} for z in (1.8, float(Z), 2.2, 2.816, 3.5, 5.0)]


def normal_below():
    return [{"z": z, "value": float(stats.norm.cdf(z))} for z in (-6.0, -2.5, -1.8, -1.7, -0.3, 0.0, 1e-9, 0.7, 1.79, 1.81, 3.0)]


def truncated_normal_below():
    """Means and deviations as in the Quick Check, scores of its answers and between."""
    result = []
    for mean, deviation in [(5.5, 2.4), (4.8, 2.8), (8.1, 2.1), (7.4, 2.1), (1.4, 1.5)]:
        low, high = (0 - mean) / deviation, (10 - mean) / deviation
        for x in (0.5, 3.0, 5.0, 7.0, 9.0):
            value = stats.truncnorm.cdf(x, low, high, loc=mean, scale=deviation)
            result.append({"x": x, "mean": mean, "deviation": deviation, "value": float(value)})
    return result


def student_95():
    degrees = [*range(1, 61), 99, 249, 499, 500, 10_000, 125_000]
    return [{"degrees": v, "value": float(stats.t.ppf(0.975, v))} for v in degrees]


def garwood():
    result = []
    for count in [0, 1, 2, 3, 5, 8, 13, 20, 50, 99, 100, 500, 1_234, 10_000, 125_000, 500_000]:
        for weeks in (1.0, 90 / 7):
            low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
            high = stats.chi2.ppf(0.975, 2 * count + 2) / 2
            result.append({"count": count, "weeks": weeks, "interval": [float(low / weeks), float(high / weeks)]})
    return result


def poisson_weekly():
    weekly = [[5, 5], [0, 20, 1], [3, 1, 2, 4], [0, 0, 12, 0], [1] * 8, [0, 9, 0, 0, 14, 2, 0, 30], [0] * 12 + [1]]
    weekly += [random.negative_binomial(2, 0.2, 13).tolist(), random.poisson(40, 26).tolist(), random.negative_binomial(400, 0.1, 52).tolist()]
    result = []
    for counts in weekly:
        count, weeks = sum(counts) + 1, len(counts) + 6 / 7
        dispersion = np.var(counts, ddof=1) / np.mean(counts)
        t = stats.t.ppf(0.975, max(len(counts), 4) - 1)
        w = 1 + max(0, dispersion * (t / Z) ** 2 - 1) * (1 + 3 / (count + 1))
        interval = [stats.gamma.ppf(0.025, count / w) * w / weeks, stats.gamma.ppf(0.975, count / w + 1) * w / weeks]
        result.append({"weekly_counts": counts, "count": count, "weeks": weeks, "dispersion": float(dispersion), "interval": [float(i) for i in interval]})
    return result


def clusters(m):
    return [np.exp(11 + random.normal(0, 0.8) + random.normal(0, 0.8, 1 + random.poisson(4))).astype(int).tolist() for _ in range(m)]


def reach(m):
    return stats.t.ppf(0.975, m - 1) * np.sqrt(m / (m - 1))


def bootstrap():
    """40,000 draws, each by pooling and np.median. Sizes at which gaps between neighbouring medians are small."""
    result = []
    for m in (12, 40, 120):
        sample = clusters(m)
        drawn = [np.median(np.concatenate([sample[i] for i in random.integers(0, m, m)])) for _ in range(40_000)]
        tail = stats.norm.sf(reach(m))
        result.append({"clusters": sample, "interval": np.quantile(drawn, [tail, 1 - tail]).tolist()})
    return result


def woodruff():
    """The definition, x by x."""
    result = []
    for m in (20, 60):
        sample = clusters(m)
        sample[0].append(sample[1][0])  # a tie
        xs = np.unique(np.concatenate(sample))
        parts = np.array([[np.sum(np.array(c) <= x) - len(c) / 2 for c in sample] for x in xs])
        total, error = parts.sum(1), reach(m) * np.sqrt((parts**2).sum(1))
        low, high = xs[total >= -error][0], xs[total > error][0]
        result.append({"clusters": sample, "interval": [float(low), float(high)]})
    return result


def ratings_of(histogram):
    return np.repeat(np.arange(1, 6), histogram)


def wilson_finite():
    """The two roots of (p - k/n)^2 = z^2 f p (1 - p) / n, f the finite population correction."""
    result = []
    for k, n, population in [(k, n, N) for n, N in ((10, 12), (10, 30), (25, 40), (60, 61), (300, 10_000)) for k in (0, 1, n // 3, n // 2, n - 1, n)]:
        f = (population - n) / (population - 1)
        excess = lambda p: (p - k / n) ** 2 - Z**2 * f * p * (1 - p) / n
        low = 0.0 if k == 0 else brentq(excess, 0, min(k / n, 1 - 1e-9), xtol=1e-14)
        high = 1.0 if k == n else brentq(excess, max(k / n, 1e-9), 1, xtol=1e-14)
        result.append({"successes": k, "n": n, "population": population, "interval": [float(low), float(high)]})
    return result


def mean_interval():
    """200,000 draws a question; the errors of questions added at the same percentile."""
    cases = [([[1, 2, 3, 4, 2]], 20), ([[0, 3, 5, 20, 12], [2, 8, 10, 14, 5]], 60), ([[5, 9, 30, 40, 20], [1, 2, 30, 50, 21], [20, 20, 20, 20, 20]], 5_000), ([[100, 200, 300, 400, 200]], 9_000)]
    result = []
    for questions, population in cases:
        ends, mean = np.zeros(2), 0.0
        for histogram in questions:
            n = sum(histogram)
            m = np.mean(ratings_of(histogram))
            drawn = random.multinomial(n, np.array(histogram) / n, 200_000) @ np.arange(1, 6) / n - m
            tail = stats.norm.sf(stats.t.ppf(0.975, n - 1) * np.sqrt(n / (n - 1)))
            ends += np.quantile(drawn, [tail, 1 - tail]) * np.sqrt((population - n) / (population - 1)) / len(questions)
            mean += m / len(questions)
        result.append({"questions": questions, "population": population, "interval": (mean + ends).tolist()})
    return result


pairs_of_ratings = [([2, 3, 5, 6, 4], [1, 2, 4, 8, 5]), ([2, 3, 5, 6, 4], [0, 1, 4, 10, 9]), ([5, 10, 20, 30, 15], [2, 8, 20, 35, 25])]
pairs_of_ratings += [([0, 0, 0, 10, 10], [0, 0, 0, 10, 10]), ([8, 8, 4, 2, 1], [1, 2, 4, 8, 8]), ([10, 5, 10, 5, 10], [20, 20, 20, 20, 20])]
pairs_of_ratings += [([150, 200, 250, 300, 100], [140, 190, 240, 320, 130]), ([150, 200, 250, 300, 100], [150, 200, 250, 300, 110])]


def same_mean():
    result = []
    for before, after in pairs_of_ratings:
        difference = lambda a, b, axis: np.mean(b, axis=axis) - np.mean(a, axis=axis)
        test = stats.permutation_test((ratings_of(before), ratings_of(after)), difference, n_resamples=20_000, vectorized=True, rng=random, batch=2_000)
        # Two-sided by distance from 0, as the differences are nearly symmetric.
        chance = (np.sum(np.abs(test.null_distribution) >= abs(test.statistic) - 1e-9) + 1) / (len(test.null_distribution) + 1)
        result.append({"before": before, "after": after, "chance": float(chance)})
    return result


def cliffs_delta():
    result = []
    for before, after in pairs_of_ratings:
        u = stats.mannwhitneyu(ratings_of(after), ratings_of(before)).statistic
        result.append({"before": before, "after": after, "delta": float(2 * u / (sum(before) * sum(after)) - 1)})
    return result


def holm():
    """The definition: from the least, times how many are left, never falling, at most 1."""
    result = []
    for chances in ([0.01], [0.04, 0.01, 0.03, 0.005], [0.5, 0.9, 0.2], random.uniform(0, 0.2, 16).round(6).tolist()):
        ordered = np.sort(chances)
        steps = np.minimum(np.maximum.accumulate(ordered * np.arange(len(chances), 0, -1)), 1)
        result.append({"chances": chances, "adjusted": [float(steps[np.searchsorted(ordered, c)]) for c in chances]})
    return result


sections = [quantile, wilson, median_rank, gamma_quantile, normal_tail, normal_below, truncated_normal_below, student_95, garwood, poisson_weekly, bootstrap, woodruff]
sections += [wilson_finite, mean_interval, same_mean, cliffs_delta, holm]
lines = [f'"made_with": "scipy {scipy.__version__}, numpy {np.__version__}"']
for section in sections:
    cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in section())
    lines.append(f'"{section.__name__}": [\n{cases}\n]')
print("{\n" + ",\n".join(lines) + "\n}")
