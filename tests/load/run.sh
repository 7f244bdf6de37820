#!/usr/bin/env bash
# Prints a table of ratios: pacer beside its peers and its floors, all measured in this run.
# usage: tests/load/run.sh [PACER_BINARY] [measure.py's options]; needs wrk, git, python3, node and npm
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pacer=${1:-$here/../../target/release/pacer}; [ $# -gt 0 ] && shift
command -v wrk >/dev/null || { echo "wrk is missing: apt-get install -y wrk" >&2; exit 1; }
[ -x "$pacer" ] || { echo "$pacer is missing: cargo build --release" >&2; exit 1; }
exec python3 "$here/measure.py" "$pacer" "$@"
