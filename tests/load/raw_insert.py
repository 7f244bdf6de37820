"""The floor of an import: the deployments of a JSON-lines file as prepared SQLite inserts, and nothing else.

usage: raw_insert.py FILE DATABASE

The rows have pacer's columns and its five indexes, at WAL and synchronous=FULL, 1,000 rows a transaction. Reading and
splitting the JSON happens before the clock starts. Prints rows a second.
"""
import json
import sqlite3
import sys
import time

file, database = sys.argv[1:3]
rows = []
with open(file) as lines:
    for n, line in enumerate(lines):
        if n >= 300_000:
            break
        it = json.loads(line)
        stamp = it.get("finished_at") or it.get("started_at") or it.get("opened_at")
        rows.append(("json", it["id"] + it["type"], it.get("service") or it["repository"], it.get("service"), it.get("repository"), it.get("environment"), None,
                     it["type"], it.get("status", ""), None, int(time.mktime(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))) * 1_000_000, it.get("commit"), None, 0, 0, -(2**63),
                     1, f"{n:032x}", n // 1000))
base = sqlite3.connect(database, isolation_level=None)
for pragma in ("journal_mode=wal", "synchronous=full", "cache_size=-32000"):
    base.execute(f"pragma {pragma}")
columns = "source id service stated_service repository environment production via status started_at finished_at sha commits hotfix rollback updated_at rank hash seq".split()
base.execute(f"create table deployment ({', '.join(columns)}, primary key (source, id))")
for index in ("service, finished_at", "id", "sha", "repository", "seq"):
    base.execute(f"create index by_{index.split(',')[0]} on deployment ({index})")
sql = f"insert into deployment values ({', '.join('?' * len(columns))})"
began = time.perf_counter()
for start in range(0, len(rows), 1000):
    base.execute("begin immediate")
    base.executemany(sql, rows[start:start + 1000])
    base.execute("commit")
print(f"{len(rows) / (time.perf_counter() - began):.0f}")
