#!/bin/sh
# ONNX between dlcore and other programs, with the real ones: random networks of torch (both exporters),
# scikit-learn and, where TensorFlow can be had, Keras and tf2onnx are loaded with the same
# predictions; what dlcore writes, for each layer and activation and for random networks, onnx.checker
# takes and ONNX Runtime computes. Not one of ctest's tests, because it needs Python 3 and the network.
#
#   tests/onnx_files.sh BUILD_FOLDER [COUNT]
#
# COUNT: random networks each way, 40 when it is not given. PYTHON: one that has the packages of
# tests/fixtures/requirements_onnx.txt already.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$(CDPATH='' cd -- "$1" && pwd)
count=${2:-40}
tool=$build/tests/onnx_files
files=$top/tests/fixtures/onnx_files.py
work=$build/onnx-files
test -x "$tool" || {
    echo "onnx_files: SKIPPED (no $tool: the part onnx is not built)"
    exit 77
}
mkdir -p "$work"

python_of_models "$work" "$top/tests/fixtures/requirements_onnx.txt"

# compare FOLDER: loads every model there and holds it against its numbers.
compare() {
    : > "$work/compared"
    for model in "$1"/*.onnx; do
        "$tool" compare "$model" "${model%.onnx}.x.npy" "${model%.onnx}.y.npy" >> "$work/compared" || {
            tail -n 1 "$work/compared"
            echo "onnx_files: $model: FAILED" >&2
            exit 1
        }
    done
    sort -g "$work/compared" | tail -n 1 > "$work/worst"
    echo "$(wc -l < "$work/compared") files loaded; the largest difference: $(cat "$work/worst")"
}

for kind in random tensorflow keras; do
    rm -rf "${work:?}/$kind"
    mkdir "$work/$kind"
    backend=tensorflow
    test $kind != keras || backend=torch
    if ! KERAS_BACKEND=$backend "$python" "$files" $kind "$work/$kind" "$count" > "$work/log" 2>&1; then
        tail -n 20 "$work/log"
        exit 1
    fi
    compare "$work/$kind"
done
rm -rf "$work/written"
mkdir "$work/written"
"$tool" write "$work/written" "$count"
"$python" "$files" check "$work/written"
rm "$work/written"/only_written_*
compare "$work/written"
echo "onnx_files: passed"
