#!/bin/sh
# Files of the part keras and real Keras: 60 random networks over all layers, each way, with the
# optimizer's state. Not one of ctest's tests, because it needs Python 3 and the network.
#
#   tests/keras_files.sh BUILD_FOLDER [VERSION [NETWORKS]]
#
# VERSION: of Keras, 3.15.1 when it is not given; on JAX, or on TensorFlow where it is 2 (tf_keras, which
# needs Python 3.11 at most). PYTHON: one that has these already.
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
package=keras
case $version in
2.*)
    package=tf_keras
    needs="tensorflow-cpu==$version packaging"
    export KERAS_FILES_OF=tf_keras
    ;;
3.0.* | 3.5.*) needs="jax[cpu]==0.4.30 numpy<2 packaging" ;; # later ones lack what these call
*) needs=jax ;;
esac
# shellcheck disable=SC2086 # words
python_with "$work" "$package==$version" h5py $needs
code=0
# Most of the time is JAX's compiler, for small networks and the same ones again. What JAX 0.4.30 compiled
# before, it may crash on.
case $version in
3.0.* | 3.5.*) ;;
*) export JAX_COMPILATION_CACHE_DIR="$work/compiled" ;;
esac
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 \
    XLA_FLAGS=--xla_backend_optimization_level=0
KERAS_BACKEND=jax "$python" "$top/tests/keras_networks.py" "$tool" "$work" 1 \
    "$networks" > "$work/networks" 2> "$work/log" || code=$?
tail -n 1 "$work/networks"
test "$code" = 0 || {
    tail -n 20 "$work/log"
    exit 1
}
