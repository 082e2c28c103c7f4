#!/usr/bin/env bash
# Shows where a case of ldm bench spends its time, by kind of work. Needs Linux with perf (Debian: linux-perf).
#
# Usage: scripts/profile.sh CASE [SKIP_SECONDS [SECONDS]]
# SKIP_SECONDS leaves out the start and the making of the model (default 10); SECONDS are profiled after it (default 10).
set -euo pipefail

case=${1:?"Usage: scripts/profile.sh CASE [SKIP_SECONDS [SECONDS]]; 'ldm bench --list' names the cases."}
skip=${2:-10} seconds=${3:-10}
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
command -v perf >/dev/null || {
    echo "profile.sh: 'perf' is needed (Debian: apt install linux-perf)." >&2
    exit 2
}
"$root/ldm" --help >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Names of compiled methods; with write-xor-execute perf cannot find them.
export DOTNET_PerfMapEnabled=1 DOTNET_EnableWriteXorExecute=0
perf record -q -D $((skip * 1000)) -F 499 -e cpu-clock -o "$work/data" \
    dotnet "$root/artifacts/publish/LatentDiffusion.Cli/release/ldm.dll" bench --case "$case" \
    --seconds $((skip + seconds)) >"$work/result" 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
}

# The peak is measured at the end of the same process, by libtorch's own products: left out.
perf report -i "$work/data" --no-children -g none --stdio --percent-limit 0 --sort dso,symbol 2>/dev/null |
    awk '
        $1 !~ /%$/ || /sgemm|gemm_driver|jit_avx512_common_convolution|brgemm/ { next }
        {
            share = $1 + 0
            if (/RegisterTile|TileColumn/) kind = "products in registers"
            else if (/Winograd/) kind = "Winograd transforms"
            else if (/PanelPacking|MatrixProduct|Work::Run/) kind = "packing for products"
            else if (/Normalization/) kind = "group normalisation"
            else if (/Attention/) kind = "attention: softmax"
            else if (/Optimization/) kind = "optimiser and averages"
            else if (/Gating/) kind = "gated GELU"
            else if (/libgomp/) kind = "waiting for the other thread"
            else if (/libtorch_cpu/) kind = "libtorch operators"
            else if (/kernel.kallsyms/) kind = "operating system"
            else kind = "everything else (runtime, dispatch)"
            total += share
            sum[kind] += share
        }
        END { for (kind in sum) printf "%5.1f %%  %s\n", 100 * sum[kind] / total, kind }
    ' | sort -rn
