#!/bin/sh
# The tests of dlcore's peers, as they ship them, with dlcore in the place of what they test. Not one of ctest's
# tests, because it needs Python 3 and the network.
#
#   tests/peers/run.sh BUILD_FOLDER [keras|onnx|safetensors]...
#
# keras: unit tests of Keras 3.15.1, of the groups that dlcore has something of (keras_peer.py says which
#   count), and once more with results that are wrong, which they must notice. Of callbacks: those that
#   decide at the end of an epoch, in Keras's own training loop on JAX. The others write files of Keras's,
#   or call functions of the test's.
# onnx: onnx's backend node tests of the operators that onnx_load reads (onnx_nodes.py).
# safetensors: the files in safetensors' tests of its format, which its source package has
#   (safetensors_cases.py).
#
# PYTHON: one that has the packages already.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
shift
test $# != 0 || set -- keras onnx safetensors
work=$build/peers
mkdir -p "$work"
cmake --build "$build" --target peer_bridge > "$work/log" || {
    tail -n 20 "$work/log"
    exit 1
}
bridge=$(find "$build/tests" -maxdepth 1 -name '*peer_bridge.*' | head -n 1)

# install PACKAGE...: into a Python of its own; status 77 where the network is missing.
install() {
    test -z "${own:-}" || return 0
    "$work/venv/bin/pip" install -q --disable-pip-version-check --retries 2 "$@" > "$work/log" 2>&1 && return
    # What pip says where nothing can be reached; anything else is a failure.
    if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError' "$work/log"; then
        echo "peers: SKIPPED (no network)"
        exit 77
    fi
    tail -n 20 "$work/log"
    exit 1
}

own=${PYTHON:-}
if [ -z "$own" ]; then
    if ! python3 -c 'import ensurepip, venv' > "$work/log" 2>&1; then
        echo "peers: SKIPPED (no Python 3 with venv)"
        exit 77
    fi
    test -x "$work/venv/bin/pip" || python3 -m venv "$work/venv"
    PYTHON=$work/venv/bin/python
fi

export DLCORE_PEER_BRIDGE="$bridge" PYTHONPATH="$top/tests/peers" PYTHONDONTWRITEBYTECODE=1 KERAS_BACKEND=numpy

# source_package NAME VERSION: the package of its sources, in $work/sources. What stands in the place of its
# builder is never asked to build.
source_package() {
    test -e "$work/sources/$1-$2.tar.gz" && return
    PYTHONPATH="$top/tests/peers/sources" "$PYTHON" -m pip download -q --disable-pip-version-check --retries 2 \
        --no-deps --no-build-isolation --no-binary "$1" --dest "$work/sources" "$1==$2" > "$work/log" 2>&1 && return
    if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError' "$work/log"; then
        echo "peers: SKIPPED (no network)"
        exit 77
    fi
    tail -n 20 "$work/log"
    exit 1
}

# keras_tests REPORT PLANT: the files that its wheel has. Two of the folders' files need TensorFlow or grain and
# are left out.
keras_tests() {
    source=$("$PYTHON" -c 'import importlib.util, pathlib
print(pathlib.Path(importlib.util.find_spec("keras").origin).parent / "src")')
    rm -f "$1"
    (
        cd "$work"
        for layer in core/dense core/identity normalization/batch_normalization normalization/layer_normalization \
            normalization/rms_normalization normalization/unit_normalization activations/activation \
            activations/elu activations/leaky_relu activations/prelu activations/relu activations/softmax \
            regularization/activity_regularization regularization/alpha_dropout regularization/dropout \
            regularization/gaussian_dropout regularization/gaussian_noise reshaping/flatten; do
            set -- "$@" "$source/layers/${layer}_test.py"
        done
        report=$1
        plant=$2
        shift 2
        for group in losses metrics activations regularizers constraints initializers optimizers; do
            set -- "$@" "$source/$group"
        done
        export DLCORE_PEER_REPORT="$report" DLCORE_PEER_PLANT="$plant"
        "$PYTHON" -m pytest -q -p keras_peer -p no:cacheprovider --tb=line --import-mode=importlib "$@" \
            > "$work/keras.log" 2>&1 || test -s "$report" || exit 1
        KERAS_BACKEND=jax "$PYTHON" -m pytest -q -p keras_peer -p no:cacheprovider --tb=line \
            --import-mode=importlib "$source/callbacks/early_stopping_test.py" \
            "$source/callbacks/reduce_lr_on_plateau_test.py" >> "$work/keras.log" 2>&1
    ) || test -s "$1" || {
        tail -n 20 "$work/keras.log"
        exit 1
    }
}

code=0
for peer in "$@"; do
    case $peer in
    keras)
        install keras==3.15.1 jax pytest scipy pandas
        keras_tests "$work/keras.json" 1
        keras_tests "$work/planted.json" 1.01
        "$PYTHON" "$top/tests/peers/table.py" "$work/keras.json" "$work/planted.json" || code=1
        ;;
    onnx)
        test -x "$build/tests/onnx_files" || {
            echo "peers: onnx SKIPPED (the part onnx is not built)"
            continue
        }
        install onnx==1.23.2
        "$PYTHON" "$top/tests/peers/onnx_nodes.py" "$build/tests/onnx_files" "$work/nodes" || code=1
        ;;
    safetensors)
        source_package safetensors 0.8.0
        "$PYTHON" "$top/tests/peers/safetensors_cases.py" "$work/sources/safetensors-0.8.0.tar.gz" || code=1
        ;;
    *)
        echo "peers: there is no peer \"$peer\"" >&2
        exit 2
        ;;
    esac
done
exit $code
