"""What NumPy and SciPy give for the questions src/domain/forecast answers, and an independent backtest of four real series.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scipy==1.17.1 numpy
    /tmp/venv/bin/python tests/statistics/forecast.py ../shared/fixtures/throughput > tests/statistics/forecast.json

The output is checked in and read by the unit tests, so that tests need no Python. Takes about a minute.
Nothing here follows the Rust code: every way of an urn is counted out, the engine is simulated with Dirichlet weights,
and the backtest has its own arithmetic for the same rules.

The series are items finished a week: apache/kafka and apache/avro, first commits that name an issue (facts of public histories), and the two
projects of rueedlinger/agile-project-dataset (MIT, (c) 2019 Matt Rueedlinger). The last, partial week is left out.
"""

import csv
import datetime
import itertools
import json
import sys
from collections import defaultdict

import numpy as np
from scipy import stats

random = np.random.default_rng(20261124)
HALF_LIFE, WINDOW, FIRST = 5, 26, 12
UNLEARNT, STEP, MOST, ENOUGH = 0.4, 0.1, 1.2, 26
Z = np.arange(-3.5, 3.51, 0.25)
Z_WEIGHTS = np.exp(-Z * Z / 2) / np.exp(-Z * Z / 2).sum()
DRAWS = 400_000


def series(folder):
    monday = datetime.date(1970, 1, 5)

    def weekly(dates):
        weeks = [(datetime.date.fromisoformat(date[:10]) - monday).days // 7 for date in dates]
        return np.bincount(np.array(weeks) - min(weeks))[:-1].tolist()

    def rows(name):
        with open(f"{folder}/{name}.csv") as file:
            return list(csv.DictReader(file))

    tasks = rows("two-projects-tasks")
    return {
        "kafka": weekly([row["first_commit_utc"] for row in rows("apache_kafka-jira-first-commit")]),
        "avro": weekly([row["first_commit_utc"] for row in rows("apache_avro-jira-first-commit")]),
        "p0": weekly([row["finished_date"] for row in tasks if row["project"] == "0"]),
        "p1": weekly([row["finished_date"] for row in tasks if row["project"] == "1"]),
    }


def urn():
    cases = [([0, 1], [1.0, 1.0], 3), ([0, 2, 5], [0.5, 1.0, 2.0], 4), ([3], [0.7], 5), ([1, 4, 6, 7], [0.1, 0.2, 0.3, 3.0], 5),
             ([0, 1, 2, 3, 9], [1.3, 0.9, 0.4, 0.2, 0.03], 6), ([2, 3], [40.0, 60.0], 9), ([5, 8], [1.0, 1.0], 0)]
    result = []
    for items, weights, weeks in cases:
        chances = np.zeros(max(items) * weeks + 1)
        for times in itertools.product(range(weeks + 1), repeat=len(items)):
            if sum(times) == weeks:
                chance = stats.dirichlet_multinomial.pmf(times, weights, weeks) if len(items) > 1 else 1.0
                chances[int(np.dot(times, items))] += chance
        result.append({"items": items, "weights": weights, "weeks": weeks, "chances": chances.tolist()})
    return result


def evidence(finished):
    """Numbers of items and their weights, very full weeks in lumps."""
    read = np.array(finished[-WINDOW:])
    unit = max(1, int(np.ceil(read.max() / 64)))
    weights = defaultdict(float)
    for age, count in enumerate(read[::-1]):
        weight, lumps = 0.5 ** (age / HALF_LIFE), count / unit
        part = lumps - np.floor(lumps)
        weights[int(np.floor(lumps))] += weight * (1 - part)
        if part > 0:
            weights[int(np.floor(lumps)) + 1] += weight * part
    return unit, dict(sorted((lumps, weight) for lumps, weight in weights.items() if weight > 0))


def deviation(near, far, weeks):
    return (near + (far - near) * min(max((weeks - 4) / 9, 0), 1)) * np.sqrt(min(weeks, 13) / 13)


def engine():
    steady = [7, 9, 4, 8, 6, 11, 7, 5, 9, 8, 6, 10]
    rough = [0, 3, 0, 0, 14, 2, 1, 0, 5, 0, 0, 9, 1, 0, 2, 4, 0, 1]
    full = [150, 90, 201, 133, 88, 170, 120, 64, 99, 143]
    cases = [
        (steady, 0.0, 0.0, 1.0, 4, 30, 0, 1, 0), (steady, 0.4, 0.4, 1.0, 13, 110, 0, 1, 0), (steady, 0.2, 0.7, 1.3, 6.5, 60, 0.2, 1.2, 0.05),
        (rough, 0.0, 0.0, 1.0, 13, 20, 0, 1, 0), (rough, 0.5, 0.5, 1.0, 4, 12, 0.1, 1.5, 0.12), (rough, 1.0, 0.3, 0.6, 9, 25, 0, 1, 0.02),
        (full, 0.4, 0.4, 1.0, 4, 600, 0, 1, 0), (full, 0.3, 0.5, 1.0, 13, 1500, 0.25, 1, 0.05), (steady[:6], 0.4, 0.4, 1.0, 0.4, 3, 0, 1, 0),
    ]
    result = []
    for finished, near, far, speed, weeks, items, growth, splitting, tail in cases:
        unit, weights = evidence(finished)
        lumps = np.array(list(weights))
        chances = random.dirichlet(list(weights.values()), DRAWS)
        z = random.standard_normal(DRAWS)

        def count(of_weeks):
            whole = int(np.ceil(of_weeks))
            sums = random.multinomial(whole, chances) @ lumps * unit
            scaled = sums * np.exp(deviation(near, far, of_weeks) * z) * speed * (of_weeks / whole)
            return np.floor(scaled + random.random(DRAWS))

        drawn = count(weeks)
        asked = sorted({int(q) for q in np.quantile(drawn, [0.03, 0.1, 0.15, 0.3, 0.5, 0.7, 0.9, 0.97])})
        need = np.ceil(items * splitting * (1 + tail) / (1 - growth) - 1e-9)
        dates = [[week, float(np.mean(count(week) >= need))] for week in (1, 2, 3, 5, 8, 12, 16, 20, 26, 40)]
        # Beyond this the engine stops working dates out.
        dates = [pair for index, pair in enumerate(dates) if all(earlier[1] < 0.96 for earlier in dates[: index + 1])]
        result.append({
            "finished": finished, "near": near, "far": far, "speed": speed, "weeks": weeks, "items": items, "growth": growth,
            "splitting": splitting, "tail": tail, "draws": DRAWS,
            "how_many": [[least, float(np.mean(drawn >= least))] for least in asked if least > 0], "when": dates,
        })
    return result


def crps_of(chances, actual):
    size = max(len(chances), actual + 1)
    below = np.cumsum(np.pad(chances, (0, size - len(chances))))
    return float(((below - (np.arange(size) >= actual)) ** 2).sum())


def pinball_of(actual, quantile, p):
    return p * (actual - quantile) if actual >= quantile else (1 - p) * (quantile - actual)


def brier_of(chances, came):
    score, usual = np.mean((np.array(chances) - came) ** 2), np.mean(came)
    return float(score), float(1 - score / (usual * (1 - usual)))


def scores():
    some = random.dirichlet(np.ones(9)).tolist()
    crps = [{"chances": c, "actual": a, "value": crps_of(np.array(c), a)} for c, a in [(some, 0), (some, 4), (some, 8), (some, 13), ([0.5, 0.5], 1)]]
    pinball = [{"actual": a, "quantile": q, "p": p, "value": pinball_of(a, q, p)} for a, q in [(5, 9), (9, 5), (7, 7), (0, 3)] for p in (0.15, 0.5, 0.85)]
    chances, came = random.random(40), random.random(40) < 0.3
    score, skill = brier_of(chances, came)
    return crps, pinball, [{"chances": chances.tolist(), "came": came.tolist(), "score": score, "skill": skill}]


def sums(weights, weeks):
    """Each row of the urn: past weeks one after the other, each drawn any number of times."""
    most = max(weights) * weeks
    rows = np.zeros((weeks + 1, most + 1))
    rows[0, 0] = 1
    for lumps, weight in weights.items():
        ways = np.ones(weeks + 1)
        for times in range(1, weeks + 1):
            ways[times] = ways[times - 1] * (weight + times - 1) / times
        longer = np.zeros_like(rows)
        for times in range(weeks + 1):
            shift = times * lumps
            longer[times:, shift:] += ways[times] * rows[: weeks + 1 - times, : most + 1 - shift]
        rows = longer
    return rows / rows.sum(1, keepdims=True)


def drifted(row, unit, sigma):
    values = np.outer(np.arange(len(row)), np.exp(sigma * Z)) * unit
    chances = np.outer(row, Z_WEIGHTS)
    below = np.floor(values)
    size = int(below.max()) + 2
    part = values - below
    result = np.bincount(below.astype(int).ravel(), (chances * (1 - part)).ravel(), size)
    return result + np.bincount(below.astype(int).ravel() + 1, (chances * part).ravel(), size)


def least(chances, promise):
    """The largest count reached with this chance."""
    reached = 1 - np.concatenate([[0], np.cumsum(chances)[:-1]])
    return int(np.nonzero(reached >= promise - 1e-9)[0].max())


def plain(read, weeks):
    chances = np.array([1.0])
    for _ in range(weeks):
        chances = np.convolve(chances, np.bincount(read) / len(read))
    return chances


def promised_dates(unit, rows, spreads, need):
    """The first weeks by which the three promises are reached."""
    reached, weeks = 0.0, [None] * 3
    for week in range(53):
        if week:
            reached = max(reached, float(drifted(rows[week], unit, deviation(*spreads, week))[need:].sum()))
        elif need == 0:
            reached = 1.0
        weeks = [week if known is None and reached >= p - 1e-9 else known for known, p in zip(weeks, (0.5, 0.85, 0.95))]
        if reached >= 0.97:
            break
    return weeks


def backtest(counts, span, dates=False):
    counts = np.array(counts[span[0]: span[1]])
    spread, taught, waiting, refused = {4: UNLEARNT, 13: UNLEARNT}, {4: 0, 13: 0}, [], 0
    trials = {4: [], 13: []}
    for origin in range(FIRST, len(counts)):
        for trial in [trial for trial in waiting if trial[0] <= origin]:
            _, weeks, held = trial
            least_spread = UNLEARNT if taught[weeks] < ENOUGH else 0
            spread[weeks] = min(max(spread[weeks] + STEP / np.sqrt(weeks) * ((not held) - 0.15), least_spread), MOST)
            taught[weeks] += 1
            waiting.remove(trial)
        past = counts[:origin]
        read = past[-WINDOW:]
        if (read > 0).sum() < 6 or read.sum() < 10 or read[-6:].sum() == 0:
            refused += 1
            continue
        unit, weights = evidence(past)
        rows = sums(weights, 52 if dates else 13)
        for weeks in (4, 13):
            if origin + weeks > len(counts):
                continue
            actual, before, twelve = int(counts[origin: origin + weeks].sum()), int(past[-weeks:].sum()), past[-12:]
            ours, simple = drifted(rows[weeks], unit, spread[weeks] * np.sqrt(weeks / 13)), plain(twelve, weeks)
            promised = [least(ours, p) for p in (0.5, 0.85, 0.95)]
            held = [actual >= count for count in promised]
            waiting.append((origin + weeks, weeks, held[1]))
            in_time = []
            for week in promised_dates(unit, rows, (spread[4], spread[13]), before) if dates else []:
                known = week is not None and origin + week <= len(counts)
                in_time.append(bool(counts[origin: origin + week].sum() >= before) if known else None)
            trials[weeks].append({
                "actual": actual, "held": held, "plain_held": [actual >= least(simple, p) for p in (0.5, 0.85, 0.95)],
                "crps": [crps_of(ours, actual), crps_of(simple, actual), abs(twelve.mean() * weeks - actual)],
                "pinball": [pinball_of(actual, least(ours, 1 - p), p) for p in (0.15, 0.5, 0.85)],
                "late": (float(ours[:before].sum()), actual < before), "in_time": in_time,
            })
    records = []
    for weeks, made in trials.items():
        mean = np.mean([trial["actual"] for trial in made])
        score, skill = brier_of([trial["late"][0] for trial in made], [trial["late"][1] for trial in made])
        records.append({
            "weeks": weeks, "made": len(made), "refused": refused, "mean": float(mean),
            "held": np.sum([trial["held"] for trial in made], 0).tolist(), "plain_held": np.sum([trial["plain_held"] for trial in made], 0).tolist(),
            "crps": (np.mean([trial["crps"] for trial in made], 0) / mean).tolist(),
            "dates_held": [[sum(trial["in_time"][at] is wanted for trial in made) for wanted in (True, False)] for at in range(3)] if dates else None,
            "pinball": (np.mean([trial["pinball"] for trial in made], 0) / mean).tolist(), "late": [score, skill],
        })
    return {"weeks": span, "records": records}


if __name__ == "__main__":
    finished = series(sys.argv[1])
    crps, pinball, brier = scores()
    parts = {"avro": [20, 90], "p1": [60, 130]}
    result = {
        "series": finished, "urn": urn(), "engine": engine(), "crps": crps, "pinball": pinball, "brier": brier,
        "backtest": {
            name: {"all": backtest(counts, [0, len(counts)]), **({"part": backtest(counts, parts[name], True)} if name in parts else {})}
            for name, counts in finished.items()
        },
    }
    print(json.dumps(result, separators=(",", ":")))
