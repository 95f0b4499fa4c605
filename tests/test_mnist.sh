#!/bin/sh
# The MNIST example on data made here: what it prints at the end, and what it says about options and
# files that are not right.
#
#   test_mnist.sh build/examples/mnist
#
# SPDX-License-Identifier: MIT
set -eu
mnist=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DLCORE_MNIST_DIR
# shellcheck source=tests/support/made_mnist.sh
. "$(dirname "$0")/support/made_mnist.sh"

# expect_failure STATUS TEXT ARGUMENT...: the example ends with that status and says TEXT.
expect_failure() {
    status=$1
    text=$2
    shift 2
    got=0
    "$mnist" "$@" > "$work/out" 2> "$work/err" || got=$?
    if [ "$got" != "$status" ] || ! grep -qF -e "$text" "$work/err"; then
        echo "test_mnist: mnist $*: status $got, and no \"$text\" in:" >&2
        cat "$work/err" >&2
        exit 1
    fi
}

# expect_text TEXT: what the run before has printed.
expect_text() {
    grep -qE -e "$1" "$work/out" || {
        echo "test_mnist: no \"$1\" in:" >&2
        cat "$work/out" >&2
        exit 1
    }
}

mkdir "$work/data" "$work/broken" "$work/empty"
made_mnist "$work/data"

"$mnist" --data "$work/data" --epochs 3 --units=64 --batch-size 10 --verbose 2 > "$work/out"
expect_text '^   9 +\. +\. +\. +\. +\. +\. +\. +\. +\. +5  100\.0 %$'
expect_text '^No test image was misclassified$'
tail -n 2 "$work/out" | head -n 1 | grep -qxE 'test loss: [0-9]+\.[0-9]{4}'
tail -n 1 "$work/out" | grep -qxE 'test accuracy: 1\.0000'
cp "$work/out" "$work/again"
DLCORE_MNIST_DIR="$work/data" "$mnist" --epochs 3 --units 64 --batch-size 10 --verbose 2 \
    --threads 1 > "$work/out"
test "$(tail -n 2 "$work/out")" = "$(tail -n 2 "$work/again")"

# A saved network answers as it did, and learns on as if it had never been a file.
"$mnist" --data "$work/data" --epochs 1 --units 64 --batch-size 10 --verbose 0 \
    --save "$work/one" > "$work/out"
expect_text "^saved to $work/one$"
"$mnist" --data "$work/data" --epochs 0 --verbose 0 --load "$work/one" > "$work/again"
test "$(grep '^test ' "$work/out")" = "$(grep '^test ' "$work/again")"
"$mnist" --data "$work/data" --epochs 2 --batch-size 10 --verbose 0 --load "$work/one" \
    --save "$work/three" > "$work/out"
"$mnist" --data "$work/data" --epochs 3 --units 64 --batch-size 10 --verbose 0 \
    --save "$work/straight" > "$work/again"
cmp "$work/three" "$work/straight"

# A network that has learnt nothing errs, and its errors are drawn.
"$mnist" --data "$work/data" --epochs 0 --verbose 0 > "$work/out"
expect_text '^The mistakes it was surest of'
expect_text '^[0-9] as [0-9], [0-9]+ %'
expect_text '██████████████████████████'

# The classes of Fashion-MNIST, whose first labels tell it, are called by their names.
mkdir "$work/fashion"
cp "$work"/data/* "$work/fashion"
{
    head -c 8 "$work/data/train-labels-idx1-ubyte"
    for _ in $(seq 30); do
        printf '\011\000\000\003\000\002\007\002\005\005'
    done
} > "$work/fashion/train-labels-idx1-ubyte"
"$mnist" --data "$work/fashion" --epochs 0 --verbose 0 > "$work/out"
expect_text '^ trouser +[0-9.]+ '
expect_text ' as (T-shirt|trouser|pullover|dress|coat|sandal|shirt|sneaker|bag|boot), '

"$mnist" --help > "$work/out"
expect_text '^usage: mnist'

for option in --sav --loaded=file --dat -x; do
    expect_failure 2 "unknown option: $option" "$option"
done
expect_failure 2 "value is missing: --epochs" --epochs
expect_failure 2 "not a number in its range: --units" --units 0
expect_failure 2 "not a number in its range: --seed" --seed 12x
expect_failure 2 "not a number in its range: --verbose=3" --verbose=3
expect_failure 1 "no data: give --data DIR"
expect_failure 1 "No such file or directory" --data "$work/data" --load "$work/absent"
expect_failure 1 "not a safetensors file" --data "$work/data" --load "$work/ten-images"
expect_failure 1 "in $work/empty" --data "$work/empty"

cp "$work"/data/* "$work/broken"
head -c 235000 "$work/data/train-images-idx3-ubyte" > "$work/broken/train-images-idx3-ubyte"
expect_failure 1 "235" --data "$work/broken"
cp "$work/data/train-labels-idx1-ubyte" "$work/broken/train-images-idx3-ubyte"
expect_failure 1 "uint8 of rank 3 was expected, not uint8 of rank 1" --data "$work/broken"
cp "$work"/data/* "$work/broken"
cp "$work/data/t10k-labels-idx1-ubyte" "$work/broken/train-labels-idx1-ubyte"
expect_failure 1 "50" --data "$work/broken"
printf '\000\000\010\001\000\000\000\001\012' > "$work/broken/train-labels-idx1-ubyte"
expect_failure 1 "10" --data "$work/broken"
echo "test_mnist: all in order"
