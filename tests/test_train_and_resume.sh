#!/bin/sh
# The example of that name, killed three times and started again: the same files as without a kill.
#
#   test_train_and_resume.sh build/examples/train_and_resume
#
# SPDX-License-Identifier: MIT
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
epochs=25

has_lines() {
    [ -e "$work/killed/log.csv" ] && [ "$(wc -l < "$work/killed/log.csv")" -ge "$1" ]
}

"$program" "$work/whole" $epochs > "$work/out"

for lines in 3 9 17; do
    "$program" "$work/killed" $epochs > "$work/out" &
    child=$!
    while kill -0 $child 2> "$work/err" && ! has_lines "$lines"; do
        sleep 0.01
    done
    kill -9 $child 2> "$work/err" || true
    wait $child 2> "$work/err" || true
done
"$program" "$work/killed" $epochs > "$work/out"
for file in best.safetensors log.csv curves.svg; do
    cmp "$work/whole/$file" "$work/killed/$file"
done
[ ! -e "$work/killed/backup.safetensors" ]
grep -q -e "went on where it was: $epochs epochs" -e "from the beginning: $epochs epochs" "$work/out"
