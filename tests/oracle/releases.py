#!/usr/bin/env python3
"""What the releases of a git repository contain and how long their commits took, computed from git's own output.

    releases.py REPOSITORY [--tag GLOB] [--name NAME] > truth.json

An independent check of pacer: rule 3, rule 4, rule 5(c) and "Plain git" of the metric definitions, written straight
from their words, with `git rev-list TAG ^EARLIER...` and `git tag --merged` instead of a walk of our own.
All times are whole seconds; a median of two middle values may end in .5.

Choices where the words leave one:
- a commit that is left out for several reasons is counted under the first of merge, bot, negative_span;
- the commits of a release without a baseline are no release's, and later releases don't contain them either;
- a pool counts a commit once, at the earliest release (date, then name) with a baseline that contains it;
- a revert is looked for in every contained commit, merges and bots too; what it reverts may be a merge;
- an earlier subject is one of an ancestor of the revert. Trailer first; a trailer that names no commit of the
  repository leaves it to the subject.
"""

import argparse
import fnmatch
import json
import os
import re
import statistics
import subprocess
import sys
from collections import Counter, defaultdict

RELEASE = re.compile(r"(?:(?P<service>[A-Za-z][\w.-]*?)[-/])?v?\d+(\.\d+){1,3}")
TRAILER = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b", re.I)
SUBJECT = re.compile(r'Revert "(.*)"')


def git(*arguments, stdin=None, may_fail=False):
    done = subprocess.run(["git", "-C", repository, *arguments], input=stdin, capture_output=True)
    if done.returncode != 0 and not may_fail:
        sys.exit(done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="replace")


def is_bot(word):
    word = word.strip().lower()
    return "[bot]" in word or word.startswith("dependabot") or word.startswith("renovate")


def read_commits():
    """sha -> its facts, for every commit of the repository."""
    commits = {}
    for record in git("log", "--all", "-z", "--format=%H%n%P%n%at%n%an%n%ae%n%B").split("\0"):
        if not record.strip():
            continue
        sha, parents, authored, name, email, message = record.split("\n", 5)
        commits[sha] = {
            "parents": parents.split(),
            "authored": int(authored),
            "bot": is_bot(name) or is_bot(email),
            "message": message,
            "subject": message.strip().split("\n")[0].strip(),
        }
    return commits


def read_releases(glob, folder):
    """The tags that are deployments, by date, then name; and those that point to no commit."""
    releases, rejected = [], []
    for tag in git("tag", "--list").splitlines():
        found = RELEASE.fullmatch(tag)
        if not (fnmatch.fnmatchcase(tag, glob) if glob else found):
            continue
        ref = "refs/tags/" + tag
        sha = git("rev-parse", "--verify", "--quiet", ref + "^{commit}", may_fail=True).strip()
        if not sha:
            rejected.append(tag)
            continue
        date = git("for-each-ref", "--format=%(taggerdate:unix)", ref).strip()
        date = date or git("show", "-s", "--format=%ct", sha).strip()
        service = (found and found.group("service")) or folder
        releases.append({"service": service, "tag": tag, "sha": sha, "finished_at": int(date)})
    releases.sort(key=lambda release: (release["finished_at"], release["tag"].encode()))
    return releases, rejected


def contain(releases):
    """Rule 3: gives each release its `contained` commits, or the reason why they are not known."""
    earlier = defaultdict(list)
    for release in releases:
        before = earlier[release["service"]]
        revisions = [release["sha"]] + ["^" + other["sha"] for other in before]
        contained = git("rev-list", "--stdin", stdin="\n".join(revisions).encode()).split()
        ancestors = set(git("tag", "--merged", release["sha"]).splitlines())
        if any(other["tag"] in ancestors for other in before):
            release["contained"], release["reason"] = contained, None
        else:
            release["contained"], release["reason"] = [], "no_baseline"
        before.append(release)


def sort_out(shas, finished_at, commits):
    """Lead times in seconds of those that count, and how many were left out for which reason."""
    leads, excluded = [], Counter()
    for sha in shas:
        commit = commits[sha]
        lead = finished_at - commit["authored"]
        if len(commit["parents"]) > 1:
            excluded["merge"] += 1
        elif commit["bot"]:
            excluded["bot"] += 1
        elif lead < 0:
            excluded["negative_span"] += 1
        else:
            leads.append(lead)
    return leads, excluded


def figures(leads, excluded, releases):
    return {
        "releases": len(releases),
        "no_baseline": sum(release["reason"] == "no_baseline" for release in releases),
        "commits": len(leads),
        "excluded": dict(sorted(excluded.items())),
        "median_lead_secs": statistics.median(leads) if leads else None,
    }


def pool(releases, commits):
    """Several services together: a commit once, at its earliest release."""
    seen, leads, excluded = set(), [], Counter()
    for release in releases:
        fresh = [sha for sha in release["contained"] if sha not in seen]
        seen.update(fresh)
        more, out = sort_out(fresh, release["finished_at"], commits)
        leads += more
        excluded += out
    return figures(leads, excluded, releases)


def is_revert(commit):
    return bool(SUBJECT.fullmatch(commit["subject"]) or TRAILER.search(commit["message"]))


def reverted(sha, commits):
    """What the commit reverts: (how it is known, sha), or (why not, None), or None if it is no revert."""
    commit = commits[sha]
    if not is_revert(commit):
        return None
    subject = SUBJECT.fullmatch(commit["subject"])
    if subject and SUBJECT.fullmatch(subject.group(1)):
        return "revert_of_revert", None
    target, how = None, None
    trailer = TRAILER.search(commit["message"])
    if trailer:
        target = git("rev-parse", "--verify", "--quiet", trailer.group(1) + "^{commit}", may_fail=True).strip()
        how = "trailer"
    if not target and subject:
        ancestors = [other for other in git("rev-list", sha).split() if other != sha]
        equal = [other for other in ancestors if commits[other]["subject"] == subject.group(1)]
        target, how = (equal[0], "subject") if len(equal) == 1 else (None, None)
    if not target:
        return "unmatched", None
    if is_revert(commits[target]):
        return "revert_of_revert", None
    return how, target


def find_reverts(releases, commits):
    """Rule 5(c), service by service: which release failed because a later one contains a revert of its commit."""
    known = {}
    home = {(release["service"], sha): release for release in releases for sha in release["contained"]}
    rows = []
    for place, release in enumerate(releases):
        for sha in release["contained"]:
            if sha not in known:
                known[sha] = reverted(sha, commits)
            if known[sha] is None:
                continue
            how, target = known[sha]
            row = {"service": release["service"], "tag": release["tag"], "revert": sha, "by": how}
            if target:
                failed = home.get((release["service"], target))
                row["reverts"] = target
                row["failed"] = failed["tag"] if failed and failed is not release else None
                if failed is release:
                    row["why_none"] = "same_release"
                elif failed is None:
                    mates = [other for other in releases[:place] if other["service"] == release["service"]]
                    tags = set(git("tag", "--contains", target).splitlines())
                    before = any(other["tag"] in tags for other in mates)
                    row["why_none"] = "first_released_without_baseline" if before else "never_released_before"
            rows.append(row)
    return rows


def main():
    global repository
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("repository")
    arguments.add_argument("--tag", metavar="GLOB")
    arguments.add_argument("--name", help="what the repository is called; else its folder, less .git")
    given = arguments.parse_args()
    repository = given.repository
    folder = given.name or re.sub(r"\.git$", "", os.path.basename(os.path.abspath(repository)))

    commits = read_commits()
    releases, rejected = read_releases(given.tag, folder)
    contain(releases)
    reverts = find_reverts(releases, commits)

    rows, services = [], {}
    for release in releases:
        leads, excluded = sort_out(release["contained"], release["finished_at"], commits)
        rows.append({
            "service": release["service"],
            "tag": release["tag"],
            "sha": release["sha"],
            "finished_at": release["finished_at"],
            "commits": len(leads),
            "excluded": dict(sorted(excluded.items())),
            "reason": release["reason"],
            "median_lead_secs": statistics.median(leads) if leads else None,
        })
    for service in sorted({release["service"] for release in releases}):
        services[service] = pool([release for release in releases if release["service"] == service], commits)
    truth = {
        "repository": folder,
        "commits": len(commits),
        "releases": rows,
        "rejected_tags": rejected,
        "services": services,
        "pooled": pool(releases, commits),
        "reverts": reverts,
        "revert_totals": dict(sorted(Counter(row.get("why_none") or ("failed" if row.get("failed") else row["by"]) for row in reverts).items())),
        "failed_releases": sorted({row["failed"] for row in reverts if row.get("failed")}),
    }

    # one row a line, so that a difference shows
    def lines(rows):
        return "[\n" + ",\n".join("    " + json.dumps(row) for row in rows) + "\n  ]" if rows else "[]"

    parts = []
    for key, value in truth.items():
        parts.append(f"  {json.dumps(key)}: " + (lines(value) if isinstance(value, list) else json.dumps(value)))
    print("{\n" + ",\n".join(parts) + "\n}")


if __name__ == "__main__":
    main()
