#!/bin/sh
# Sizes of stripped programs, as README's table has them: linked by the system's linker, with OpenBLAS shared.
#
#   tests/sizes.sh BUILD           BUILD: a Release build by gcc, of all kernels or DLCORE_KERNELS=generic
#
# The first and the third are those of the tests train_only and predict_only.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
archive=$1/src/libdlcore.a
test -f "$archive" || {
    echo "sizes: there is no $archive" >&2
    exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# size TEXT SOURCE OPTION...
size() {
    text=$1
    shift
    # shellcheck disable=SC2046 # words
    "${CC:-cc}" -O3 -std=c11 -I "$top/include" -o "$work/program" "$@" "$archive" \
        $(pkg-config --libs openblas zlib) -lm -pthread
    strip "$work/program"
    printf '%-72s %8d\n' "$text" "$(wc -c < "$work/program")"
}

# A predictor of a precision, or NULL, of a model that is loaded by a function.
predictor() {
    cat > "$work/predictor.c" << END
#include <dlcore.h>
int main(int count, char **arguments)
{
    predictor_options_t options = predictor_options_default();
    predictor_t *predictor = NULL;
    model_t *network = NULL;
    float x[64] = {0}, y[64] = {0};

    options.precision = $2;
    if (count < 2 || $1(arguments[1], NULL, &network) != DLCORE_OK ||
        predictor_create(network, &options, &predictor) != DLCORE_OK)
        return 1;
    return predictor_run(predictor, x, 1, y) != DLCORE_OK;
}
END
}

drops=-Wl,--gc-sections
mnist="$top/examples/mnist.c $top/examples/support/mnist_answers.c $top/examples/support/mnist_arguments.c
    $top/examples/support/mnist_data.c"
size "trains: examples/xor.c" "$top/examples/xor.c"
# shellcheck disable=SC2086 # words
size "examples/mnist.c" $mnist
# shellcheck disable=SC2086
size "examples/mnist.c, --gc-sections" $mnist $drops
size "model_load_to_predict and model_predict, --gc-sections" "$top/tests/predict_only.c" $drops
predictor model_load_to_predict NULL
size "model_load_to_predict and a predictor, --gc-sections" "$work/predictor.c" $drops
predictor model_load_to_predict "predictor_int8()"
size "the same in int8" "$work/predictor.c" $drops
predictor model_load_to_predict "predictor_bfloat16()"
size "the same in bfloat16" "$work/predictor.c" $drops
predictor model_load NULL
size "model_load and a predictor, --gc-sections" "$work/predictor.c" $drops
