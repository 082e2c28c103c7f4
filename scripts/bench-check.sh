#!/usr/bin/env bash
# Measures the hot paths and compares their shares of the machine's peak with bench/baseline.json. Shares, not seconds:
# they mean the same on a faster machine with the same registers. Exit code 1 when a case lost more than the margin.
#
# Usage: scripts/bench-check.sh [FILTER [LEAST_RATIO]]
# FILTER picks cases by name (default: all); LEAST_RATIO is how much of the baseline must be left (default 0.75: the
# spread between runs on a shared machine is about a fifth).
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
exec "$root/ldm" bench --filter "${1:-}" --compare "$root/bench/baseline.json" --fail-below "${2:-0.75}"
