#!/bin/sh
# A program that trains on one machine, in float32, links no code for ranks and none for bfloat16, whatever
# the linker; and stays small.
#
#   test_train_only.sh nm strip program most-bytes
#
# most-bytes: of the program without its symbols; 0: any number.
#
# SPDX-License-Identifier: MIT
set -eu
nm=$1
strip=$2
program=$3
most=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$nm" "$program" | awk '{print $NF}' > "$work/names"
if ! grep -qx dlcore_model_fit "$work/names"; then
    echo "test_train_only: $nm shows no functions in $program" >&2
    exit 1
fi
if grep -E '^dlcore_(ranks_|ranked_|tally_|shard_|model_set_collective|half_|model_bfloat16)' "$work/names" > "$work/found"; then
    echo "test_train_only: linked for training alone:" >&2
    sed 's/^/    /' "$work/found" >&2
    exit 1
fi
"$strip" -o "$work/program" "$program"
size=$(wc -c < "$work/program")
echo "test_train_only: $size bytes, at most $most"
test "$most" = 0 || test "$size" -le "$most"
