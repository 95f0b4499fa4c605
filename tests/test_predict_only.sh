#!/bin/sh
# A program that loads a model to predict and predicts links no gradient, loss, metric or optimizer, where
# the linker drops what is not called.
#
#   test_predict_only.sh nm strip predict_only model-file most-bytes
#
# most-bytes: of the program without its symbols; 0: any number.
#
# SPDX-License-Identifier: MIT
set -eu
nm=$1
strip=$2
program=$3
file=$4
most=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" "$file" > "$work/answer"
grep -Eq '^-?[0-9.]+(e-?[0-9]+)?$' "$work/answer"

"$nm" "$program" | awk '{print $NF}' > "$work/names"
if ! grep -qx dlcore_model_load_to_predict "$work/names"; then
    echo "test_predict_only: $nm shows no functions in $program" >&2
    exit 1
fi
training='^dlcore_(training_kernels|rare_kernels|products_training|layer_training|optimizer_|loss_|metric_|'
training="$training"'step_|small_|update_sink|update_finish|compile_|model_compile|workspace_create$|initializer_fill)'
if grep -E "$training" "$work/names" | grep -vE '^dlcore_step_(predict|pass|layer)$' > "$work/found"; then
    echo "test_predict_only: linked for predicting:" >&2
    sed 's/^/    /' "$work/found" >&2
    exit 1
fi
"$strip" -o "$work/program" "$program"
size=$(wc -c < "$work/program")
echo "test_predict_only: $size bytes"
test "$most" = 0 || test "$size" -le "$most"
