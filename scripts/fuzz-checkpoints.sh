#!/usr/bin/env bash
# Reads 100,000 damaged checkpoints of every format: each must be read or refused, without a crash, a hang, or much memory.
# For a nightly run; the test suite reads 5,000.
#
# Usage: scripts/fuzz-checkpoints.sh [COUNT [SEED]]
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
cd "$root"
dotnet build -c Release -v q -nologo tests/LatentDiffusion.Tests
# A hang is a failure, and so is a process that grows beyond 4 GB beside what the runtime reserves.
LDM_FUZZ_MUTATIONS=${1:-100000} LDM_FUZZ_SEED=${2:-$(date +%j)} timeout 1800 \
    artifacts/bin/LatentDiffusion.Tests/release/LatentDiffusion.Tests -class "*WeightsFileFuzzTests"
