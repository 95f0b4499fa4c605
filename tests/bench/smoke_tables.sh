#!/bin/sh
# The scripts that print tables run to their end, also where no other library is to be had.
#
#   smoke_tables.sh build
#
# SPDX-License-Identifier: MIT
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DLCORE_MNIST_DIR

complain() {
    echo "bench_tables: $1:" >&2
    cat "$work/err" "$work/out" >&2
    exit 1
}

# What they write goes into a folder that stands for the build.
mkdir "$work/tests"
ln -s "$1/tests/bench" "$work/tests/bench"
printf '#!/bin/sh\nexit 3\n' > "$work/python"
chmod +x "$work/python"

DLCORE_PEERS_PYTHON=$work/python "$here/compare.sh" --quick --build "$work" --case "train 2-8-1 b1" \
    > "$work/out" 2> "$work/err" || complain "compare.sh failed"
grep -q '^1 thread each:' "$work/out" || complain "no table for one thread"
grep -qE '^\| train 2-8-1 b1 rmsprop \| [0-9]' "$work/out" || complain "no figure of dlcore"
grep -q '^Missing: PyTorch, BLAS, JAX, Keras-on-TensorFlow, Keras-on-JAX, scikit-learn' "$work/out" ||
    complain "what is missing is not said"
if [ "$(nproc)" -gt 1 ]; then
    grep -q '^Each at its best number of threads:' "$work/out" || complain "no table of the best"
fi

"$here/readme_tables.sh" --quick --build "$work" > "$work/out" 2> "$work/err" ||
    complain "readme_tables.sh failed"
for text in '^dlcore [0-9]' '^| step of 3 x 1024, batch 256 | [0-9]' \
    '^| predict one sample, 2-8-1 | [0-9]' '^| BLAS engine, of floor' '^| dropout(0.5) twice | [-+]' \
    '^| npy_load, float32 | [0-9]' '^threads:'; do
    grep -q -e "$text" "$work/out" || complain "no line like $text"
done
echo "bench_tables: all in order"
