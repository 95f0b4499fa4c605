# made_mnist FOLDER: files like MNIST's, of 300 and of 50 pictures that a network learns at once. For scripts
# that source this; `work` is their folder for what comes and goes.
#
# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# shellcheck disable=SC2154 # work

# bytes COUNT OCTAL: so many bytes of that value.
bytes() {
    head -c "$1" /dev/zero | tr '\000' "\\$2"
}

# Ten images of 28 x 28, class c bright in rows 2c .. 2c+1, and their labels; then N times that.
made_mnist() {
    class=0
    while [ $class -lt 10 ]; do
        bytes $((class * 56)) 000
        bytes 56 377
        bytes $((784 - 56 - class * 56)) 000
        class=$((class + 1))
    done > "$work/ten-images"
    printf '\000\001\002\003\004\005\006\007\010\011' > "$work/ten-labels"
    for prefix in train t10k; do
        times=$(test $prefix = train && echo 30 || echo 5)
        count=$(printf '\\000\\000\\%03o\\%03o' $((times * 10 / 256)) $((times * 10 % 256)))
        images=$1/$prefix-images-idx3-ubyte
        labels=$1/$prefix-labels-idx1-ubyte
        # shellcheck disable=SC2059 # octal escapes
        printf "\\000\\000\\010\\003$count\\000\\000\\000\\034\\000\\000\\000\\034" > "$images"
        # shellcheck disable=SC2059
        printf "\\000\\000\\010\\001$count" > "$labels"
        for _ in $(seq "$times"); do
            cat "$work/ten-images" >> "$images"
            cat "$work/ten-labels" >> "$labels"
        done
    done
}
