#!/usr/bin/env bash
# Rebuilds data/emoji/emoji64.parquet from the npm packages it is made from. Needs npm and the .NET SDK.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT

for package in \
    emojibase-data@17.0.0 \
    emoji-datasource-google@16.0.0 \
    emoji-datasource-twitter@16.0.0 \
    @lobehub/fluent-emoji-3d@1.1.0
do
    folder=$packages/${package%@*}
    mkdir -p "$folder"
    archive=$(cd "$packages" && npm pack --silent "$package")
    tar -xzf "$packages/$archive" -C "$folder" --strip-components=1
done

dotnet run --configuration Release --project "$root/tools/EmojiDataset" -- \
    "$packages" "$root/data/emoji/emoji64.parquet"
