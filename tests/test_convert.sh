#!/bin/sh
# The example convert, there and back again: a model through each format that this build has, and
# data through each, unchanged.
#
#   test_convert.sh convert fixtures ["PART ..."]
#
# SPDX-License-Identifier: MIT
set -eu
convert=$1
fixtures=$2
parts=" ${3:-} "
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# fails TEXT ARGUMENT...: the program ends with an error that says so.
fails() {
    text=$1
    shift
    if "$convert" "$@" > out 2>&1 || ! grep -qF -- "$text" out; then
        echo "convert $*: no error \"$text\", but:" >&2
        cat out >&2
        exit 1
    fi
}

# shown FILE TEXT: inspecting says so.
shown() {
    "$convert" --inspect "$1" > out
    grep -qF -- "$2" out || {
        echo "convert --inspect $1 does not say \"$2\", but:" >&2
        cat out >&2
        exit 1
    }
}

# lacking FILE TEXT...: inspecting ends with an error, and says all of it.
lacking() {
    file=$1
    shift
    if "$convert" --inspect "$file" > out 2>&1; then
        echo "convert --inspect $file succeeds" >&2
        exit 1
    fi
    for text in "$@"; do
        grep -qF -- "$text" out || {
            echo "convert --inspect $file does not say \"$text\", but:" >&2
            cat out >&2
            exit 1
        }
    done
}

# code FILE: C source without its head, which lists the layers.
code() {
    sed '/^ \*/d' "$1"
}

# ---- models ----

model=$fixtures/version1.safetensors
"$convert" "$model" a.safetensors
"$convert" a.safetensors b.safetensors
cmp a.safetensors b.safetensors
shown a.safetensors dense
"$convert" a.safetensors a.c > out
grep -q network_predict a.c
code a.c > a.code
fails "C source is written, not read" a.c c.safetensors
for part in keras onnx; do
    case $parts in
    *" $part "*)
        "$convert" a.safetensors "a.$part" > out
        "$convert" "a.$part" "b.safetensors" > out
        "$convert" b.safetensors b.c > out
        # the same network, but for layers that do nothing: its numbers, and the self-test's outputs
        code b.c | cmp - a.code
        shown "a.$part" dense
        ;;
    *) fails "needs the part $part" a.safetensors "a.$part" ;;
    esac
done

# ---- weights alone, and int8 ----

"$convert" a.safetensors w.pytorch.safetensors > out
grep -q "weights alone, for load_state_dict" out
shown w.pytorch.safetensors "5.weight F32 (2, 17)"
fails "has no model_config" w.pytorch.safetensors x.safetensors
"$convert" w.pytorch.safetensors x.safetensors a.safetensors > out
grep -qF 5.weight out
"$convert" x.safetensors x.c > out
code x.c | cmp - a.code
printf '0.5,-1,0\n2,0.25,-3\n' > rows.csv
"$convert" a.safetensors i.c rows.csv > out
grep -q "of the rows keep their class" out
grep -q "int8_t" i.c
fails "No such file" a.safetensors i.c none.csv
case $parts in
*" keras "*)
    "$convert" a.safetensors w.weights.h5 > out
    fails "has only weights" w.weights.h5 x.safetensors
    "$convert" w.weights.h5 y.safetensors a.safetensors
    "$convert" y.safetensors y.c > out
    code y.c | cmp - a.code
    ;;
esac
case $parts in
*" onnx "*) fails "weights for another model come from" a.onnx x.safetensors a.safetensors ;;
esac

# ---- models that are not supported ----

case $parts in
*" keras "*)
    LC_ALL=C sed 's/"PReLU"/"PReLX"/' "$fixtures/keras_3.15.1.h5" > other.h5
    lacking other.h5 'no layer "PReLX"' '(PReLX); this version has no such layer' \
        'dense (Dense): units 4, activation LeakyReLU' 'compiled: optimizer Adam, loss sparse_categorical'
    ;;
esac
case $parts in
*" onnx "*) lacking "$fixtures/onnx/torch_residual.onnx" 'Gemm "' 'Add "' 'cannot be loaded' ;;
esac

# ---- data ----

printf '1,2.5,-3\n4,5,0.333333343\n' > a.csv
"$convert" a.csv a.npy
shown a.npy "a.npy: float32 (2, 3)"
"$convert" a.npy a.idx
shown a.idx "a.idx: float32 (2, 3)"
"$convert" a.idx b.csv
cmp a.csv b.csv
case $parts in
*" npz "*)
    "$convert" a.npy a.npz weights
    shown a.npz "weights: float32 (2, 3)"
    "$convert" a.npz c.csv
    cmp a.csv c.csv
    shown "$fixtures/deflated.npz" "complex: cannot be read"
    "$convert" "$fixtures/stored.npz" u1.npy u1
    shown u1.npy "u1.npy: uint8 (3, 2, 2)"
    fails "has no array \"x\"" "$fixtures/stored.npz" x.npy x
    "$convert" "$fixtures/sparse_float64.npz" sparse.npy
    shown sparse.npy "sparse.npy: float32 ("
    ;;
*) fails "needs the part npz" a.npy a.npz ;;
esac

printf '1 2:2.5\n-1 1:0.5 3:4\n' > a.svmlight
shown a.svmlight "a.svmlight: float32 (2, 4)"
"$convert" a.svmlight d.csv > out
grep -q "labels are the last column" out
printf '0,2.5,0,1\n0.5,0,4,-1\n' | cmp - d.csv

# ---- what cannot be ----

fails "such files are read, not written" a.csv a.svm
fails "such files are read, not written" a.csv a-ubyte.gz

fails "a model does not become data" a.safetensors a.npy
fails "its name must end in" a.npy a.unknown
fails "a.keras.csv" a.npy no/folder/a.keras.csv
fails "usage" a.npy
echo "convert: passed with the parts$parts"
