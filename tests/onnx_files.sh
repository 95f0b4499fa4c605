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

# install PACKAGE...: into a Python of its own; status 77 where the network is missing.
install() {
    "$work/venv/bin/pip" install -q --disable-pip-version-check --retries 2 "$@" > "$work/log" 2>&1 && return
    # What pip says where nothing can be reached; anything else is a failure.
    if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError' "$work/log"; then
        echo "onnx_files: SKIPPED (no network)"
        exit 77
    fi
    tail -n 20 "$work/log"
    exit 1
}

if [ -z "${PYTHON:-}" ]; then
    if ! python3 -c 'import ensurepip, venv' > "$work/log" 2>&1; then
        echo "onnx_files: SKIPPED (no Python 3 with venv)"
        exit 77
    fi
    test -x "$work/venv/bin/pip" || python3 -m venv "$work/venv"
    PYTHON=$work/venv/bin/python
    install --extra-index-url https://download.pytorch.org/whl/cpu \
        -r "$top/tests/fixtures/requirements_onnx.txt"
    install --no-deps tf2onnx==1.17.0
    install flatbuffers requests
fi

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

for kind in random tensorflow; do
    rm -rf "${work:?}/$kind"
    mkdir "$work/$kind"
    if ! "$PYTHON" "$files" $kind "$work/$kind" "$count" > "$work/log" 2>&1; then
        tail -n 20 "$work/log"
        exit 1
    fi
    compare "$work/$kind"
done
rm -rf "$work/written"
mkdir "$work/written"
"$tool" write "$work/written" "$count"
"$PYTHON" "$files" check "$work/written"
compare "$work/written"
echo "onnx_files: passed"
