"""Measure pacer against peers and floors on this machine, in one run: only the ratios mean something.

usage: measure.py PACER [--parts answers,import,git,hooks,large] [--events 1000000] [--deployments 200000] [--secs 6]

answers  a signed `/metrics dora` under wrk, 32 connections, beside Bolt for JavaScript and for Python; CPU from /proc
import   JSON lines: rows a second beside prepared SQLite inserts of the same rows; peak memory at 1x and 1/10x the events
git      the history in ../shared/fixtures/git/devlake.fi.gz beside `git log --all` alone
hooks    signed GitHub webhooks that are durable before their 202: 128 in flight beside one at a time
large    `dora`, `flow` and `trend` of 90 days for a service, a team, the organisation, on a database of many deployments with five
         changes each, and on one with a fifth of its history; on PostgreSQL too where PACER_TEST_DATABASE_URL names a server
"""
import argparse
import gzip
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SHARED = pathlib.Path(os.environ.get("PACER_SHARED", HERE.parents[2] / "shared"))
PEERS = SHARED / "peers"
CACHE = pathlib.Path(os.environ.get("PEERS_DIR", pathlib.Path.home() / ".cache/pacer-peers"))
TICKS = os.sysconf("SC_CLK_TCK")

ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ask.add_argument("pacer", type=pathlib.Path)
ask.add_argument("--parts", default="answers,import,git,hooks,large")
ask.add_argument("--events", type=int, default=1_000_000)
ask.add_argument("--deployments", type=int, default=200_000)
ask.add_argument("--secs", type=int, default=6)
args = ask.parse_args()
PACER = str(args.pacer.resolve())
work = pathlib.Path(tempfile.mkdtemp(prefix="pacer-load-"))
rows = []


def told(what, value, target, how):
    rows.append((what, value, target, how))
    print(f"  {what}: {value}", file=sys.stderr, flush=True)


def settings(database, port=7103, **more):
    ours = {
        "PACER_DATABASE_URL": str(database) if "://" in str(database) else f"sqlite://{database}", "PACER_LISTEN": f"127.0.0.1:{port}", "PACER_KEY_DIR": str(work / "keys"), "PACER_LOG": "warn",
        "SLACK_SIGNING_SECRET": "shh", "SLACK_BOT_TOKEN": "xoxb-x", "PACER_SLACK_TEAMS": "T1", "SLACK_API_URL": "http://127.0.0.1:9/api",
        "PACER_RATE_LIMIT": "off", "PACER_GITHUB_SECRET": "shh",
    }
    return {**os.environ, **ours, **more}


class Running:
    """A process that was started here and is ended here."""

    def __init__(self, command, env):
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def status(self, field):
        return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def finished(command, env=None):
    """Runs a command; seconds and peak memory in MiB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{command} failed"
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def wrk(script, url, connections, secs):
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{secs}s", "--latency", "-s", script, url], capture_output=True, text=True, check=True).stdout
    seconds = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
    at = {p: float(v) * seconds[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), at["50"], at["99"], "Non-2xx" in out


def sign(*how):
    return subprocess.run([sys.executable, str(PEERS / "sign.py"), *how], capture_output=True, text=True, check=True).stdout


def until_answered(url):
    """Until the first 200 of a signed command."""
    script = sign()
    headers = dict(re.findall(r'wrk\.headers\["([^"]+)"\]="([^"]+)"', script))
    body = re.search(r'wrk\.body="([^"]+)"', script)[1].encode()
    began = time.perf_counter()
    while time.perf_counter() - began < 30:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"{url} never answered")


def answers():
    if not (CACHE / "node/node_modules").exists() or not (CACHE / "venv/bin/uvicorn").exists():
        subprocess.run([str(PEERS / "run.sh"), "", "1"], check=True, stdout=subprocess.DEVNULL)
    shutil.copy(PEERS / "node/app.js", CACHE / "node/app.js")
    shutil.copy(PEERS / "python/app.py", CACHE / "app.py")
    subprocess.run([sys.executable, str(PEERS / "make_db.py"), str(work / "peers.db"), str(work / "peers.jsonl")], check=True)
    subprocess.run([PACER, "import", "json", str(work / "peers.jsonl")], env=settings(work / "answers.db"), check=True, stdout=subprocess.DEVNULL)
    peer = {**os.environ, "DB": str(work / "peers.db"), "PORT": "7101"}
    python = [str(CACHE / "venv/bin/python"), "-m", "uvicorn", "--app-dir", str(CACHE), "app:api", "--host", "127.0.0.1", "--port", "7102"]
    apps = {
        "node": (7101, ["node", str(CACHE / "node/app.js")], peer),
        "python": (7102, [*python, "--log-level", "error", "--no-access-log"], peer),
        "pacer": (7103, [PACER, "serve"], settings(work / "answers.db")),
    }
    seen = {}
    for name, (port, command, env) in apps.items():
        url = f"http://127.0.0.1:{port}/slack/commands"
        began = time.perf_counter()
        with Running(command, env) as app:
            until_answered(url)
            first, idle = time.perf_counter() - began, app.status("VmRSS")
            (work / "w.lua").write_text(sign())
            wrk(str(work / "w.lua"), url, 32, 2)
            cpu, clock = app.cpu(), time.perf_counter()
            rate, p50, p99, bad = wrk(str(work / "w.lua"), url, 32, args.secs)
            used = (app.cpu() - cpu) / (time.perf_counter() - clock)
            alone = wrk(str(work / "w.lua"), url, 1, 2)
            seen[name] = {"rate": rate, "per_cpu": rate / used, "p99": p99, "idle": idle, "first": first}
            print(f"  {name}: {rate:.0f}/s, {used:.2f} CPU, {rate / used:.0f} per CPU-second, p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms, alone p50 "
                  f"{alone[1] * 1e3:.2f} ms, first {first * 1e3:.0f} ms, idle {idle:.1f} MiB, loaded {app.status('VmRSS'):.1f} MiB{' ERRORS' if bad else ''}", file=sys.stderr)
    ours, node, bolt = seen["pacer"], seen["node"], seen["python"]
    how = "wrk, 32 connections, same rows"
    told("answers per CPU-second / Bolt Node", f"{ours['per_cpu'] / node['per_cpu']:.2f}", ">= 1.5", how)
    told("answers per CPU-second / Bolt Python", f"{ours['per_cpu'] / bolt['per_cpu']:.2f}", ">= 2.5", how)
    told("answers a second / Bolt Node", f"{ours['rate'] / node['rate']:.2f}", "", how)
    told("answers a second / Bolt Python", f"{ours['rate'] / bolt['rate']:.2f}", "", how)
    told("p99 / Bolt Node", f"{ours['p99'] / node['p99']:.2f}", "<= 0.5", how)
    told("idle memory / Bolt Node", f"{ours['idle'] / node['idle']:.2f}", "<= 0.25", "VmRSS after the first answer")
    told("first answer / Bolt Node", f"{ours['first'] / node['first']:.2f}", "< 1", "from start to the first 200")


def generate(events, file, *more):
    out = subprocess.run([sys.executable, str(HERE / "generate.py"), str(events), str(file), *map(str, more)], check=True, capture_output=True, text=True)
    return int(out.stdout)


def imports():
    lines, tenth = work / "events.jsonl", work / "tenth.jsonl"
    generate(args.events, lines)
    generate(args.events // 10, tenth)
    floor = float(subprocess.run([sys.executable, str(HERE / "raw_insert.py"), str(lines), str(work / "raw.db")], check=True, capture_output=True, text=True).stdout)
    small, small_peak = finished([PACER, "import", "json", str(tenth)], settings(work / "tenth.db"))
    secs, peak = finished([PACER, "import", "json", str(lines)], settings(work / "events.db"))
    print(f"  {args.events} events in {secs:.1f} s, {args.events // 10} in {small:.1f} s, floor {floor:.0f} rows/s", file=sys.stderr)
    told("import rows a second / prepared inserts", f"{args.events / secs / floor:.2f} ({args.events / secs:.0f}/s)", ">= 0.7", "whole `pacer import json`, figures too")
    told("import peak memory, 1x / 0.1x the events", f"{peak / small_peak:.2f} ({peak:.0f} MiB)", "flat", "ru_maxrss")


def git():
    history = work / "history"
    subprocess.run(["git", "init", "-q", str(history)], check=True)
    with gzip.open(SHARED / "fixtures/git/devlake.fi.gz") as stream:
        subprocess.run(["git", "-C", str(history), "fast-import", "--quiet"], input=stream.read(), check=True)
    log, _ = finished(["git", "-C", str(history), "log", "--all", "--date-order", "-z", "--format=%H%x01%P%x01%at%x01%ct%x01%an%x01%ae%x01%B"])
    secs, _ = finished([PACER, "import", "git", str(history)], settings(work / "git.db"))
    told("import of 8,124 commits / git log alone", f"{secs / log:.1f} ({secs * 1e3:.0f} ms / {log * 1e3:.0f} ms)", "", "whole `pacer import git`, figures too")


HOOK = """local n, start = 0, tostring({start})
wrk.method = "POST"
wrk.body = [=[{body}]=]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-GitHub-Event"] = "deployment_status"
wrk.headers["X-Hub-Signature-256"] = "sha256={digest}"
request = function()
  n = n + 1
  wrk.headers["X-GitHub-Delivery"] = start .. "-" .. n
  return wrk.format()
end
"""


def hooks():
    fixture = sorted((SHARED / "fixtures/github").glob("deployment_status*.json"))[0]
    body = json.dumps(json.loads(fixture.read_text()), separators=(",", ":"))
    digest = hmac.new(b"shh", body.encode(), hashlib.sha256).hexdigest()
    with Running([PACER, "serve"], settings(work / "hooks.db", 7104)):
        until_answered("http://127.0.0.1:7104/slack/commands")
        seen = {}
        for at_once in (1, 128):
            (work / "hook.lua").write_text(HOOK.format(start=f'"{time.time_ns()}"', body=body, digest=digest))
            seen[at_once] = wrk(str(work / "hook.lua"), "http://127.0.0.1:7104/hooks/github", at_once, args.secs)
            assert not seen[at_once][3], "a webhook was refused"
            time.sleep(1)
    told("durable webhooks a second, 128 in flight / one at a time", f"{seen[128][0] / seen[1][0]:.2f} ({seen[128][0]:.0f}/s / {seen[1][0]:.0f}/s)", ">= 4", "wrk, HTTP, synchronous=FULL, parsed meanwhile")


def asked(database, question, title, times=9):
    """Milliseconds of an answer by a running pacer: the first, and the median of the others."""
    with Running([PACER, "serve"], settings(database, 7105)):
        url = "http://127.0.0.1:7105/slack/commands"
        until_answered(url)
        took = []
        for _ in range(times):
            body = f"team_id=T1&channel_id=C1&user_id=U1&command=%2Fmetrics&text={urllib.request.quote(question)}&response_url=http%3A%2F%2F127.0.0.1%3A9%2Fx".encode()
            now = str(int(time.time()))
            digest = hmac.new(b"shh", b"v0:" + now.encode() + b":" + body, hashlib.sha256).hexdigest()
            headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={digest}", "Content-Type": "application/x-www-form-urlencoded"}
            began = time.perf_counter()
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
                said = answer.read()
            took.append((time.perf_counter() - began) * 1e3)
            assert title.encode() in said, said[:400]
    return took[0], sorted(took[1:])[len(took[1:]) // 2]


def large():
    teams = "".join(f"[[teams]]\nid = \"t{t}\"\nname = \"Team {t}\"\nservices = {json.dumps([f'svc-{s}' for s in range(t * 5, t * 5 + 5)])}\n" for t in range(10))
    (work / "org.toml").write_text(teams)
    databases = [("SQLite", "whole", 1, work / "large1.db"), ("SQLite", "a fifth of the history", 5, work / "large5.db")]
    server = os.environ.get("PACER_TEST_DATABASE_URL")
    if server:
        name = f"pacer_load_{os.getpid()}"
        subprocess.run(["psql", "-q", server, "-c", f"create database {name} template template0"], check=True)
        databases.append(("PostgreSQL", "whole", 1, f"{server.rsplit('/', 1)[0]}/{name}"))
    for kind, name, part, database in databases:
        lines = work / f"large{part}.jsonl"
        if not lines.exists():
            generate(args.deployments // part, lines, "--commits", 5, "--changes", "--years", 2 / part)
        took, peak = finished([PACER, "import", "json", str(lines)], settings(database))
        print(f"  {kind}, {name}: imported in {took:.0f} s, {peak:.0f} MiB", file=sys.stderr, flush=True)
        subprocess.run([PACER, "org", "apply", str(work / "org.toml")], env=settings(database), check=True, stdout=subprocess.DEVNULL)
        subprocess.run([PACER, "ask", "dora service:svc-1"], env=settings(database), check=True, stdout=subprocess.DEVNULL)
        for command, title in (("dora", "DORA"), ("flow", "Flow"), ("trend change_lead_time", "Change lead time"), ("trend cycle_time", "Cycle time")):
            for scope, limit in (("service:svc-3", "50 ms"), ("team:t1", "50 ms"), ("team:all", "300 ms")):
                first, again = asked(database, f"{command} {scope} 90d", title)
                how = f"{args.deployments // part:,} deployments, 5 commits and changes each, HTTP, one at a time"
                told(f"{command} 90d, {scope}, {kind}, {name}", f"{first:.1f} ms first, {again:.1f} ms again", limit if part == 1 else "the same", how)
    if server:
        subprocess.run(["psql", "-q", server, "-c", f"drop database {name} with (force)"], check=False)


PARTS = {"answers": answers, "import": imports, "git": git, "hooks": hooks, "large": large}
try:
    for part in args.parts.split(","):
        print(part, file=sys.stderr, flush=True)
        PARTS[part]()
finally:
    shutil.rmtree(work, ignore_errors=True)
width = max(len(row[0]) for row in rows)
for what, value, target, how in rows:
    print(f"{what:<{width}}  {value:<32} {target:<10} {how}")
