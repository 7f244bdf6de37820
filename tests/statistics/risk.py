"""What SciPy and scikit-learn give for the questions on risk that src/domain/risk answers.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scipy==1.17.1 scikit-learn numpy
    /tmp/venv/bin/python tests/statistics/risk.py > tests/statistics/risk.json

The output is checked in and read by the unit tests, so that tests need no Python.
Nothing here follows the Rust code: library functions where there are any, else the definition written out.
"""

import json
from importlib.metadata import version

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

random = np.random.default_rng(20261124)
WIDTH = 14


def ridge():
    """Logistic regression with each weight held near a given one: the minimum of the penalised loss, by BFGS."""
    result = []
    for n, hold in [(60, 4.0), (200, 4.0), (120, 0.5)]:
        before = np.round(random.normal(0, 0.6, WIDTH), 3)
        truth = before + random.normal(0, 0.7, WIDTH)
        rows = np.round(random.normal(0, 1, (n, WIDTH)), 3)
        rows[:, 0] = 1.0
        rows[random.random((n, WIDTH)) < 0.2] = 0.0
        rows[:, 0] = 1.0
        missed = random.random(n) < 1 / (1 + np.exp(-rows @ truth))
        counts = np.round(1 / random.integers(1, 9, n), 6)

        def loss(b):
            z = rows @ b
            return np.sum(counts * (np.logaddexp(0, z) - missed * z)) + hold / 2 * np.sum((b - before) ** 2)

        def slope(b):
            p = 1 / (1 + np.exp(-rows @ b))
            return rows.T @ (counts * (p - missed)) + hold * (b - before)

        found = minimize(loss, before, jac=slope, method="BFGS", options={"gtol": 1e-10, "maxiter": 10_000})
        assert np.abs(slope(found.x)).max() < 1e-7
        cases = [[r.tolist(), bool(m), float(c)] for r, m, c in zip(rows, missed, counts)]
        result.append({"rows": cases, "before": before.tolist(), "hold": hold, "weights": found.x.tolist()})
    return result


def area():
    """The area under the curve over all weeks, and its interval from drawing whole projects of each kind."""
    result = []
    for late, others, apart in [(8, 12, 0.15), (20, 30, 0.1), (5, 5, 0.0), (30, 10, 0.3)]:
        projects = []
        for at in range(late + others):
            middle = random.normal(0.5 + (apart if at < late else 0), 0.15)
            weeks = np.clip(random.normal(middle, 0.05, random.integers(3, 15)), 0, 1).round(2)
            projects.append((weeks.tolist(), at < late))

        def score(chosen):
            chances = np.concatenate([projects[i][0] for i in chosen])
            labels = np.concatenate([[projects[i][1]] * len(projects[i][0]) for i in chosen])
            return roc_auc_score(labels, chances)

        draws = [score(np.concatenate([random.integers(0, late, late), late + random.integers(0, others, others)])) for _ in range(2_000)]
        everything = score(range(late + others))
        result.append({"projects": [[w, l] for w, l in projects], "area": everything, "interval": np.quantile(draws, [0.025, 0.975]).tolist()})
    return result


print(json.dumps({"versions": {name: version(name) for name in ["numpy", "scipy", "scikit-learn"]}, "ridge": ridge(), "area": area()}))
