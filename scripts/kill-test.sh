#!/usr/bin/env bash
# Trains a tiny autoencoder and a tiny class-conditional diffusion model twice: once in peace, once killed (kill -9)
# at random moments and resumed each time. Both must end with the same bytes: weights, averages, optimiser.
#
# Usage: scripts/kill-test.sh [SEED [KILLS [STEPS]]]
# SEED chooses the moments (default 1), KILLS how many per model (default 10), STEPS the length (default 200).
set -euo pipefail
export LC_ALL=C

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
seed=${1:-1} kills=${2:-10} steps=${3:-200}
program=$root/artifacts/publish/LatentDiffusion.Cli/release/ldm.dll
work=$(mktemp -d)
child=
trap 'kill -9 $child 2>/dev/null || true; rm -rf "$work"' EXIT
RANDOM=$seed

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

now() { date +%s%3N; }

train() { # NAME RUN [OPTION...]
    local name=$1 run=$2
    shift 2
    local -n settings=${name//-/_}
    exec dotnet "$program" train "$root/configs/demo/$name.yaml" "${settings[@]}" data.where=split=test data.size=16 \
        training.steps="$steps" training.batch_size=4 training.log_every=1 training.checkpoint_every=5 \
        --run "$run" --threads 1 --quiet "$@"
}

# shellcheck disable=SC2034 # both are read through their names
autoencoder=('model.network.channel_mult=[1,1,1]')
latent_diffusion=("first_stage=$work/autoencoder" unet.model_channels=32 unet.num_res_blocks=1
    'unet.attention_resolutions=[2]' samples.per_class=1 samples.steps=2)

compare() { # NAME
    local last file
    last=checkpoints/$(printf 'step-%08d' "$steps")
    for file in model.safetensors optimizer.safetensors trainer.json; do
        cmp "$work/$1/$last/$file" "$work/$1-killed/$last/$file" || fail "$1: $file differs"
    done
    diff <(sed 's/"seconds":[^,]*,//' "$work/$1/metrics.jsonl") \
        <(sed 's/"seconds":[^,]*,//' "$work/$1-killed/metrics.jsonl") >/dev/null || fail "$1: the logs differ"
    [[ -z $(find "$work/$1-killed" -name '.tmp-*') ]] || fail "$1: temporary files are left"
}

"$root/ldm" --version >/dev/null # builds

for name in autoencoder latent-diffusion; do
    begin=$(now)
    seconds=$(train "$name" "$work/$name" --json | sed 's/.*"seconds":\([0-9.]*\).*/\1/')
    total=$(($(now) - begin))
    training=$(awk "BEGIN { print int($seconds * 1000) }")

    # Every third kill falls anywhere from the first moment of the start, the others into the training itself; on the
    # average they leave enough of it for all kills to find it at work.
    start=$((total - training)) window=$((training * 3 / 2 / kills))
    landed=0
    for ((i = 0; i < kills; i++)); do
        train "$name" "$work/$name-killed" --resume >"$work/log" 2>&1 &
        child=$!
        earliest=$((i % 3 == 0 ? 0 : start))
        sleep "$(awk "BEGIN { r = $((RANDOM * 32768 + RANDOM)) / 1073741824
            print ($earliest + r * ($start + $window - $earliest)) / 1000 }")"
        kill -9 "$child" 2>/dev/null && landed=$((landed + 1))
        wait "$child" 2>/dev/null || (($? == 137)) || fail "$name: $(cat "$work/log")"
    done

    # Where the kills left it, then on to the end.
    reached=$(find "$work/$name-killed" -name 'step-*' -path '*checkpoints*' 2>/dev/null | sort | tail -n 1)
    (train "$name" "$work/$name-killed" --resume) >/dev/null
    compare "$name"
    echo "$name: killed $landed times up to ${reached##*/}, resumed, the same after $steps steps"
done
