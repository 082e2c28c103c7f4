#!/usr/bin/env bash
# Makes a checkpoint of every published architecture with random weights and sends it through every format: safetensors,
# .ckpt (which says nothing about itself, so the architecture is detected), diffusers, safetensors. The tensors must be the
# same at the end. For a nightly run; takes up to 8 GB of disk at a time.
#
# Usage: scripts/convert-check.sh [ARCHITECTURE...]
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

hash_of() { # IN OUT
    "$root/ldm" convert "$1" "$2" --json --quiet | sed -n 's/.*"hash":"\([^"]*\)".*/\1/p'
}

names=("$@")
if ((${#names[@]} == 0)); then
    names=(stable-diffusion-1 stable-diffusion-1-inpainting bsr_sr celebahq churches cin256 cin256-v2 inpainting_big
        layout2img rdm768 semantic256 text2img256 txt2img-1p4B)
fi

for name in "${names[@]}"; do
    "$root/ldm" models random "$name" --dtype f16 --out "$work/random.safetensors" --quiet >/dev/null
    expected=$(hash_of "$work/random.safetensors" "$work/copy.safetensors")
    rm "$work/copy.safetensors"
    "$root/ldm" convert "$work/random.safetensors" "$work/model.ckpt" --quiet >/dev/null
    "$root/ldm" convert "$work/model.ckpt" "$work/folder" --quiet >/dev/null
    actual=$(hash_of "$work/folder" "$work/back.safetensors")
    rm -r "${work:?}"/*
    if [[ -z $expected || $actual != "$expected" ]]; then
        echo "FAILED: $name comes back as $actual instead of $expected" >&2
        exit 1
    fi

    echo "$name: the same tensors in every format"
done
