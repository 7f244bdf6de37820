"""What SciPy, NumPy and pymannkendall give for the questions on change over weeks that src/domain/stats answers.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scipy==1.17.1 numpy pymannkendall==1.4.3
    /tmp/venv/bin/python tests/statistics/change.py > tests/statistics/change.json

The output is checked in and read by the unit tests, so that tests need no Python.
Nothing here follows the Rust code: library functions where there are any, else the definition written out.
"""

import json
from importlib.metadata import version

import numpy as np
import pymannkendall
import scipy
from scipy import stats
from scipy.linalg import toeplitz

random = np.random.default_rng(20261125)


def autoregressive(n, rho):
    values = [random.normal()]
    for _ in range(n - 1):
        values.append(rho * values[-1] + np.sqrt(1 - rho**2) * random.normal())
    return np.array(values)


def student_90():
    return [{"degrees": v, "value": float(stats.t.ppf(0.95, v))} for v in [*range(1, 40), 99, 500, 10_000]]


def normal_tail_90():
    return [{"value": float(stats.norm.ppf(0.95))}]


def mid_ranks():
    samples = [[3.0], [1.0, 1.0], [2.0, 1.0, 2.0, 5.0, 2.0], random.integers(0, 9, 30).astype(float).tolist(), random.normal(0, 1, 20).round(3).tolist()]
    return [{"values": s, "ranks": stats.rankdata(s).tolist()} for s in samples]


def rank_sum_rank():
    """Exact: the largest K for which the K-th least and K-th greatest difference hold the shift with 90 %."""
    result = []
    for m, n in [(8, 4), (8, 5), (13, 4), (8, 8), (13, 13), (26, 4), (26, 13), (39, 26)]:
        sums = [{0: 1}] + [{} for _ in range(n)]
        for rank in range(1, m + n + 1):
            for j in range(min(n, rank), 0, -1):
                for total, count in sums[j - 1].items():
                    sums[j][total + rank] = sums[j].get(total + rank, 0) + count
        least, everything = n * (n + 1) // 2, sum(sums[n].values())
        below, at = 0, 0
        while (below + sums[n].get(least + at, 0)) / everything <= 0.05:
            below += sums[n].get(least + at, 0)
            at += 1
        result.append({"before": m, "after": n, "rank": at})
    return result


def hodges_lehmann():
    result = []
    for m, n in [(8, 4), (13, 9), (26, 13)]:
        before, after = random.normal(5, 1, m).round(3), random.normal(6, 2, n).round(3)
        result.append({"before": before.tolist(), "after": after.tolist(), "value": float(np.median(np.subtract.outer(after, before)))})
    return result


def inflation():
    result = []
    for m, n, rho in [(8, 4, 0.0), (8, 4, 0.5), (13, 13, 0.4), (26, 5, 0.7), (39, 26, 0.9)]:
        contrast = np.r_[np.full(m, -1 / m), np.full(n, 1 / n)]
        value = contrast @ toeplitz(rho ** np.arange(m + n)) @ contrast / (contrast @ contrast)
        result.append({"before": m, "after": n, "rho": rho, "value": float(value)})
    return result


def expected_squares():
    result = []
    for n, rho in [(1, 0.5), (2, 0.0), (8, 0.4), (26, 0.7), (39, 0.9)]:
        centre = np.eye(n) - 1 / n
        result.append({"weeks": n, "rho": rho, "value": float(np.trace(centre @ toeplitz(rho ** np.arange(n))))})
    return result


def series():
    found = [np.array([1.0, 2.0, 4.0, 3.5]), np.array([4.0, 4.0, 3.0, 3.0, 3.0, 1.0, 0.0, 1.0])]
    found += [autoregressive(n, rho).round(3) + slope * np.arange(n) for n, rho, slope in [(8, 0.4, 0.0), (13, 0.7, 0.2), (26, 0.7, 0.0), (26, 0.8, -0.1), (52, 0.6, 0.02), (45, 0.9, 0.0), (60, 0.95, 0.01), (36, 0.9, 0.1)]]
    found += [random.poisson(5, 26).astype(float)]
    return found


def mann_kendall():
    result = []
    for values in series():
        test = pymannkendall.hamed_rao_modification_test(values)
        plain = pymannkendall.original_test(values)
        factor = test.var_s / plain.var_s
        result.append({"values": values.tolist(), "score": float(test.s), "variance": float(test.var_s), "plain": float(plain.var_s), "chance": float(test.p), "plain_chance": float(plain.p), "slope": float(test.slope), "factor": float(factor)})
    return result


def theil_sen():
    result = []
    for values in series()[2:]:
        for weeks in (np.arange(len(values)), np.cumsum(random.integers(1, 3, len(values)))):
            fit = stats.theilslopes(values, weeks, alpha=0.90)
            result.append({"weeks": weeks.tolist(), "values": values.tolist(), "slope": float(fit.slope), "interval": [float(fit.low_slope), float(fit.high_slope)]})
    return result


def rate_ratio():
    result = []
    for early, weeks_early, late, weeks_late in [(30, 26, 40, 13), (5, 8, 0, 4), (1, 8, 12, 6), (400, 26, 380, 26)]:
        share = stats.binomtest(late, early + late).proportion_ci(0.90, method="wilson")
        ratio = [float(p / (1 - p) * weeks_early / weeks_late) for p in (share.low, share.high)]
        result.append({"before": [early, weeks_early], "after": [late, weeks_late], "ratio": late / weeks_late / (early / weeks_early), "interval": ratio})
    return result


def share_difference():
    """Newcombe's method 10, from the two Wilson intervals."""
    result = []
    for (x, m), (y, n) in [((9, 40), (2, 30)), ((0, 12), (3, 9)), ((56, 70), (48, 80)), ((5, 5), (0, 7))]:
        (p, q) = (x / m, y / n)
        before, after = (stats.binomtest(k, t).proportion_ci(0.90, method="wilson") for k, t in ((x, m), (y, n)))
        low = q - p - np.sqrt((q - after.low) ** 2 + (before.high - p) ** 2)
        high = q - p + np.sqrt((after.high - q) ** 2 + (p - before.low) ** 2)
        result.append({"before": [x, m], "after": [y, n], "difference": q - p, "interval": [float(low), float(high)]})
    return result


def mean_of():
    result = []
    for n in (2, 3, 8, 20):
        values = random.normal(1, 2, n).round(3)
        low, high = stats.t.interval(0.90, n - 1, loc=values.mean(), scale=stats.sem(values))
        result.append({"values": values.tolist(), "interval": [float(low), float(high)]})
    return result


def benjamini_hochberg():
    result = []
    for chances in ([0.01], [0.04, 0.01, 0.03, 0.005], [0.5, 0.9, 0.2], [0.02, 0.02, 0.5, 0.02], random.uniform(0, 0.2, 12).round(6).tolist()):
        result.append({"chances": chances, "adjusted": stats.false_discovery_control(chances, method="bh").tolist()})
    return result


def block_permutation():
    """100,000 arrangements by NumPy: turned, cut into blocks, put in a random order; the mean of the last `after` weeks."""
    result = []
    for before, after, block, shift in [(8, 4, 3, 1.0), (14, 7, 3, 1.0), (26, 8, 4, 0.8), (26, 13, 4, -0.5)]:
        values = autoregressive(before + after, 0.4).round(3)
        values[before:] += shift
        seen, means = values[before:].mean(), []
        cuts = np.arange(block, len(values), block)
        for _ in range(100_000):
            blocks = np.split(np.roll(values, random.integers(len(values))), cuts)
            means.append(np.concatenate([blocks[i] for i in random.permutation(len(blocks))])[before:].mean())
        means = np.array(means)
        chances = [float(np.mean(means <= seen + 1e-9)), float(np.mean(means >= seen - 1e-9))]
        result.append({"values": values.tolist(), "before": before, "block": block, "chances": chances})
    return result


sections = [student_90, normal_tail_90, mid_ranks, rank_sum_rank, hodges_lehmann, inflation, expected_squares, mann_kendall, theil_sen, rate_ratio, share_difference, mean_of, benjamini_hochberg, block_permutation]
made = f'"made_with": "scipy {scipy.__version__}, numpy {np.__version__}, pymannkendall {version("pymannkendall")}"'
lines = [made]
for section in sections:
    cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in section())
    lines.append(f'"{section.__name__}": [\n{cases}\n]')
print("{\n" + ",\n".join(lines) + "\n}")
