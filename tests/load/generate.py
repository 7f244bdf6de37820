"""Write generated events as JSON lines for `pacer import json`: believable, and the same for the same arguments.

usage: generate.py EVENTS FILE [--services 50] [--years 2] [--commits 0] [--changes]

Without --commits: deployments (60 %), changes (30 %) and incidents (10 %), EVENTS in all. With --commits N: EVENTS deployments
that list N commits each on average, and an incident for one in twelve; with --changes each commit is a merged change too.
Prints how many lines were written.
"""
import argparse
import random
import time
from datetime import datetime, timezone

ask = argparse.ArgumentParser(description=__doc__)
ask.add_argument("events", type=int)
ask.add_argument("file")
ask.add_argument("--services", type=int, default=50)
ask.add_argument("--years", type=float, default=2.0)
ask.add_argument("--commits", type=float, default=0.0)
ask.add_argument("--changes", action="store_true")
args = ask.parse_args()

r = random.Random(7)
now = int(time.time()) - 60
span = int(args.years * 365.25 * 86400)
people = [f"dev-{n}" for n in range(200)]


def at(secs):
    return datetime.fromtimestamp(secs, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def working_hour(secs):
    """Most work happens by day on weekdays."""
    day, hour = secs // 86400, min(23, max(0, int(r.gauss(13, 3))))
    moved = day * 86400 + hour * 3600 + secs % 3600
    return min(moved, now)


def sha():
    return f"{r.getrandbits(160):040x}"


def commit(before):
    """Its JSON, its name and when it was written: a day before, often less, at times weeks."""
    name, written = sha(), before - int(r.lognormvariate(11, 1.2))
    text = f'{{"sha":"{name}","authored_at":"{at(written)}","author":"{r.choice(people)}","message":"change {r.randrange(10**6)}"}}'
    return text, name, written


def merged(n, service, commit, deployed):
    """The change that brought a commit: opened, reviewed and merged in between."""
    text, name, written = commit
    left = deployed - written
    opened, reviewed, ended = (written + int(left * share) for share in sorted((r.random() * 0.3, 0.3 + r.random() * 0.3, 0.6 + r.random() * 0.3)))
    return (
        f'{{"type":"change","id":"acme/svc-{service}#{n}","repository":"acme/svc-{service}","opened_at":"{at(opened)}","first_review_at":"{at(reviewed)}",'
        f'"merged_at":"{at(ended)}","merge_commit":"{name}","commits":[{text}],"author":"{r.choice(people)}","title":"change number {n}",'
        f'"lines_added":{r.randrange(400)},"lines_removed":{r.randrange(200)}}}\n'
    )


def deployment(n, finished, commits):
    service = int(args.services * r.random() ** 1.5)
    listed, brought = "", []
    if commits:
        brought = [commit(finished) for _ in range(max(1, int(r.expovariate(1 / commits) + 0.5)))]
        listed = ',"commits":[' + ",".join(text for text, _, _ in brought) + "]"
    status = "failure" if r.random() < 0.03 else "success"
    flag = ',"flags":["hotfix"]' if r.random() < 0.02 else ""
    return service, brought, (
        f'{{"type":"deployment","id":"d{n}","service":"svc-{service}","repository":"acme/svc-{service}","environment":"production","status":"{status}",'
        f'"started_at":"{at(finished - r.randrange(60, 900))}","finished_at":"{at(finished)}","commit":"{sha()}"{listed}{flag}}}\n'
    )


def incident(n, service, began, refers):
    ended = began + int(r.lognormvariate(8, 1))
    resolved = f',"resolved_at":"{at(ended)}"' if ended < now else ""
    link = f',"deployment":"d{refers}"' if refers is not None else ""
    return f'{{"type":"incident","id":"i{n}","service":"svc-{service}","started_at":"{at(began)}"{resolved}{link},"severity":"sev{r.randrange(1, 4)}","title":"errors in svc-{service}"}}\n'


def change(n, opened):
    service = r.randrange(args.services)
    reviewed, merged = opened + r.randrange(600, 86400), opened + r.randrange(86400, 4 * 86400)
    rest = f',"first_review_at":"{at(reviewed)}","merged_at":"{at(merged)}","merge_commit":"{sha()}"' if merged < now else ""
    return (
        f'{{"type":"change","id":"c{n}","repository":"acme/svc-{service}","opened_at":"{at(opened)}"{rest},"author":"{r.choice(people)}",'
        f'"title":"change number {n}","labels":["backend"],"lines_added":{r.randrange(400)},"lines_removed":{r.randrange(200)}}}\n'
    )


written = 0
with open(args.file, "w", buffering=1 << 20) as out:
    for n in range(args.events):
        moment = working_hour(now - span + n * span // args.events)
        kind = r.random()
        if args.commits or kind < 0.6:
            service, brought, line = deployment(n, moment, args.commits)
            out.write(line)
            for place, one in enumerate(brought if args.changes else ()):
                out.write(merged(n * 100 + place, service, one, moment))
                written += 1
            if args.commits and kind < 1 / 12:
                out.write(incident(n, service, min(now, moment + r.randrange(60, 7200)), n))
                written += 1
        elif kind < 0.9:
            out.write(change(n, moment))
        else:
            out.write(incident(n, r.randrange(args.services), moment, None))
        written += 1
print(written)
