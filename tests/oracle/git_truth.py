#!/usr/bin/env python3
"""What a git history says about delivery, computed a second time.

The check that `metrics.md` demands: "Independent recomputation from `git log` agrees to the second". It shares no
code with pacer: sets of commits come from `git rev-list A --not B C...`, ancestry from git, and the rest is lists and
dictionaries of Python's standard library. Prints one JSON object.

    git_truth.py REPO [--tag GLOB] [--service NAME]
"""

import argparse
import fnmatch
import json
import os
import re
import subprocess

VERSION = re.compile(r"^(?:(?P<service>[A-Za-z][\w.-]*?)[-/])?v?\d+(\.\d+){1,3}$", re.ASCII)
TRAILER = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b", re.IGNORECASE)
REVERT = re.compile(r'^Revert "(.*)"(?: \(#\d+\))?$')


def git(repo, *arguments, stdin=None):
    done = subprocess.run(["git", "-C", repo, *arguments], input=stdin, capture_output=True, text=True, errors="replace", check=True)
    return done.stdout


def lines(text):
    return [line for line in text.split("\n") if line]


def folder_name(repo):
    bare = git(repo, "rev-parse", "--is-bare-repository").strip() == "true"
    top = git(repo, "rev-parse", "--absolute-git-dir" if bare else "--show-toplevel").strip()
    name = os.path.basename(top)
    return name[:-4] if name.endswith(".git") and name != ".git" else name


def releases(repo, glob, service):
    """The tags that are deployments, by service, each in order of date, then name."""
    found = {}
    for tag in lines(git(repo, "for-each-ref", "refs/tags", "--format=%(refname:strip=2)")):
        version = VERSION.match(tag)
        taken = fnmatch.fnmatchcase(tag, glob) if glob else version
        if not taken:
            continue
        kind = git(repo, "cat-file", "-t", "refs/tags/" + tag).strip()
        commit = subprocess.run(["git", "-C", repo, "rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}"], capture_output=True, text=True)
        if commit.returncode != 0:
            continue  # a tag of a tree or a file
        date = "%(taggerdate:unix)" if kind == "tag" else "%(committerdate:unix)"
        at = int(git(repo, "for-each-ref", "refs/tags/" + tag, "--format=" + date).strip())
        name = service or (version and version.group("service")) or folder_name(repo)
        found.setdefault(name, []).append({"tag": tag, "at": at, "commit": commit.stdout.strip()})
    for list_of_one in found.values():
        list_of_one.sort(key=lambda release: (release["at"], release["tag"]))
    return found


def is_bot(name, mail):
    return any("[bot]" in it or it.startswith(("dependabot", "renovate")) for it in (name.strip().lower(), mail.strip().lower()))


def messages(repo):
    """Every commit's first line and the commits that its trailers name."""
    found = {}
    for record in git(repo, "log", "--all", "-z", "--format=%H%n%B").split("\0"):
        if record:
            sha, _, message = record.partition("\n")
            subject = message.split("\n")[0].strip()
            found[sha] = (subject, [name.lower() for name in TRAILER.findall(message)])
    return found


class History:
    """What questions about reverts need to know."""

    def __init__(self, repo):
        self.repo = repo
        self.messages = messages(repo)
        self.by_subject = {}
        for sha, (subject, _) in self.messages.items():
            self.by_subject.setdefault(subject, []).append(sha)
        shallow = os.path.join(git(repo, "rev-parse", "--absolute-git-dir").strip(), "shallow")
        self.edges = set(open(shallow).read().split()) if os.path.exists(shallow) else set()

    def resolve(self, name):
        matching = [sha for sha in self.messages if sha.startswith(name)]
        return matching[0] if len(matching) == 1 else None

    def says_revert(self, sha):
        subject, trailers = self.messages[sha]
        return bool(trailers or REVERT.match(subject))

    def reverted(self, sha):
        """None: not a revert that counts. "": one whose target can't be told. Else the target."""
        subject, trailers = self.messages[sha]
        inner = REVERT.match(subject)
        if not self.says_revert(sha):
            return None
        if subject.startswith('Reapply "') or (inner and inner.group(1).startswith('Revert "')):
            return None
        target = next((found for found in map(self.resolve, trailers) if found and found != sha), None)
        if target is None and inner:
            same = [it for it in self.by_subject.get(inner.group(1), []) if it != sha]
            ancestors = set(lines(git(self.repo, "rev-list", sha))) if same else set()
            earlier = [it for it in same if it in ancestors]
            target = earlier[0] if len(earlier) == 1 else None
        if target is None:
            return ""
        return None if self.says_revert(target) else target


def contents(repo, service, history):
    """Rule 3: fills in what each release of one service brought; `service` is in order."""
    before = []
    for place, release in enumerate(service):
        tip = release["commit"]
        release.update(reason=None, leads={}, merge=[], bot=[], negative_span=[], brought=[])
        new = tip + "\n" + "".join("^" + earlier + "\n" for earlier in before)
        brought = lines(git(repo, "rev-list", "--stdin", stdin=new))
        release["brought"] = brought
        reachable = set(lines(git(repo, "rev-list", tip)))
        if tip in before:
            before.append(tip)
            continue  # the same commit again brings nothing
        based = any(earlier in reachable for earlier in before)
        if place == 0:
            release["reason"] = "no_baseline"
        elif history.edges & set(brought) or (not based and history.edges & reachable):
            release["reason"] = "shallow"
        elif not based:
            release["reason"] = "no_baseline"
        before.append(tip)
        if release["reason"]:
            continue
        release["merge"] = lines(git(repo, "rev-list", "--min-parents=2", "--stdin", stdin=new))
        written = git(repo, "log", "-z", "--no-merges", "--format=%H%x01%at%x01%an%x01%ae", "--stdin", stdin=new)
        for record in written.split("\0"):
            if not record:
                continue
            sha, authored, name, mail = record.strip("\n").split("\x01")
            span = release["at"] - int(authored)
            if is_bot(name, mail):
                release["bot"].append(sha)
            elif span < 0:
                release["negative_span"].append(sha)
            else:
                release["leads"][sha] = span


def failures(service, history):
    """Rules 5b and 5c, and from them rework (rule 5) and recovery (rule 6)."""
    first_with = {}
    for release in service:
        release.update(rollback=False, rework=False, over=[], unmatched=0)
    for place, release in enumerate(service):
        commits = [earlier["commit"] for earlier in service[:place]]
        if commits and commits[-1] != release["commit"] and release["commit"] in commits:
            last = max(at for at, commit in enumerate(commits) if commit == release["commit"])
            service[last + 1]["over"].append(release["at"])
            release["rollback"] = release["rework"] = True
        for sha in release["brought"]:
            first_with.setdefault(sha, place)
        if release["reason"]:
            continue
        for sha in release["brought"]:
            target = history.reverted(sha)
            if target is None:
                continue
            if target == "" or target not in first_with:
                release["unmatched"] += 1
            elif first_with[target] != place:
                release["rework"] = True
                failed = service[first_with[target]]
                if not failed["reason"]:  # else: in production before what is known
                    failed["over"].append(release["at"])


def median(values):
    """Type 7, which is the plain median at one half."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return float(ordered[half]) if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def totals(rows):
    """The figures of a pool: `rows` are its releases in order, each commit counted once, at its earliest."""
    seen, leads, counts = set(), [], {"merge": 0, "bot": 0, "negative_span": 0}
    for row in rows:
        for sha, span in row["leads"].items():
            if sha not in seen:
                seen.add(sha)
                leads.append(span)
        for code in counts:
            fresh = [sha for sha in row[code] if sha not in seen]
            seen.update(fresh)
            counts[code] += len(fresh)
    for code in ("no_baseline", "shallow"):
        counts[code] = sum(row["reason"] == code for row in rows)
    counted = [row for row in rows if not row["rollback"]]
    recoveries = [max(row["over"]) - row["at"] for row in rows if row["over"]]
    return {
        "deployments": len(rows),
        "commits": len(leads),
        "median": median(leads),
        "excluded": {code: count for code, count in counts.items() if count},
        "fail_n": len(counted),
        "failed": sum(bool(row["over"]) for row in counted),
        "rework": sum(row["rework"] for row in rows),
        "recovered": len(recoveries),
        "recovery": median(recoveries),
        "unmatched": sum(row["unmatched"] for row in rows),
    }


def told(row):
    excluded = {code: len(row[code]) for code in ("merge", "bot", "negative_span") if row[code]}
    if row["unmatched"]:
        excluded["revert_unmatched"] = row["unmatched"]
    return {
        "tag": row["tag"],
        "finished_at": row["at"],
        "commit": row["commit"],
        "commits": len(row["leads"]),
        "median": median(row["leads"].values()),
        "excluded": excluded,
        "reason": row["reason"],
        "rollback": row["rollback"],
        "failed": bool(row["over"]),
        "rework": row["rework"],
        "recovery": max(row["over"]) - row["at"] if row["over"] else None,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("repo")
    arguments.add_argument("--tag")
    arguments.add_argument("--service")
    arguments = arguments.parse_args()
    history = History(arguments.repo)
    services = releases(arguments.repo, arguments.tag, arguments.service)
    for service in services.values():
        contents(arguments.repo, service, history)
        failures(service, history)
    everything = [dict(row, service=name) for name, service in services.items() for row in service]
    everything.sort(key=lambda row: (row["at"], row["service"], row["tag"]))
    print(json.dumps({
        "services": {name: {"releases": [told(row) for row in service], "totals": totals(service)} for name, service in sorted(services.items())},
        "pool": totals(everything),
    }, indent=1))


if __name__ == "__main__":
    main()
