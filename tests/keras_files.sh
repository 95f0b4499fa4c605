#!/bin/sh
# Files of the part keras and real Keras: 60 random networks over all layers, each way, with the
# optimizer's state. Not one of ctest's tests, because it needs Python 3 and the network.
#
#   tests/keras_files.sh BUILD_FOLDER [VERSION [NETWORKS]]
#
# VERSION: of Keras, 3.15.1 when it is not given. Keras 3 runs on PyTorch, where nothing is compiled: a network
# takes a second or two. DLCORE_KERAS_BACKEND=jax: on JAX, a minute or so. Keras 2 (tf_keras, which needs Python
# 3.11 at most) runs on TensorFlow.
# PYTHON: one that has these already; another version of Keras is installed beside, into the build folder.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$(CDPATH='' cd -- "$1" && pwd)
version=${2:-3.15.1}
networks=${3:-60}
tool=$build/tests/keras_files
work=$build/keras-files-$version
if [ ! -x "$tool" ]; then
    echo "keras_files: SKIPPED (no $tool: the part keras, or the tests, are not built)"
    exit 77
fi
mkdir -p "$work"
export KERAS_BACKEND="${DLCORE_KERAS_BACKEND:-torch}"
case $version in
2.*) KERAS_BACKEND=tensorflow ;;
esac

# On PyTorch every version of Keras 3 runs with the same other packages, which are large: so they are installed
# once, and Keras alone for each version.
beside() {
    test "$("$python" -c 'import keras; print(keras.__version__)' 2> "$work/log")" != "$version" || return 0
    PYTHONPATH=$work/keras
    export PYTHONPATH
    test ! -e "$PYTHONPATH/complete" || return 0
    rm -rf "$PYTHONPATH"
    set -- --no-deps --target "$PYTHONPATH" "keras==$version"
    case $version in
    3.0.*) set -- "$@" dm-tree ;;
    esac
    pip_log=$work/pip.log
    pip_installs "$@"
    touch "$PYTHONPATH/complete"
}

case $KERAS_BACKEND in
tensorflow)
    export KERAS_FILES_OF=tf_keras
    python_with "$work" "tf_keras==$version" h5py "tensorflow-cpu==$version" packaging
    ;;
torch)
    python_with "$build/keras-files-torch" --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0
    python_with "$build/keras-files-torch" keras==3.15.1 h5py
    beside
    ;;
jax)
    # What JAX 0.4.30 compiled before, it may crash on; and later ones lack what old versions of Keras call.
    needs=jax
    case $version in
    3.0.* | 3.5.*) needs="jax[cpu]==0.4.30 numpy<2 packaging" ;;
    *) export JAX_COMPILATION_CACHE_DIR="$work/compiled" ;;
    esac
    # shellcheck disable=SC2086 # words
    python_with "$work" "keras==$version" h5py $needs
    export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 \
        XLA_FLAGS=--xla_backend_optimization_level=0
    ;;
esac
code=0
# The networks are small: threads only wait for each other.
OMP_NUM_THREADS=1 "$python" "$top/tests/keras_networks.py" "$tool" "$work" 1 \
    "$networks" > "$work/networks" 2> "$work/log" || code=$?
tail -n 1 "$work/networks"
test "$code" = 0 || {
    tail -n 20 "$work/log"
    exit 1
}
