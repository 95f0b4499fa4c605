#!/bin/sh
# From nothing to a trained network: installs what is missing, builds dlcore into build/, fetches
# MNIST and runs the example on it.
#
#   examples/mnist.sh [options of the example, such as --epochs 3; --help lists them]
#
# The data comes from, in this order: --data DIR or $DLCORE_MNIST_DIR; build/mnist, where an earlier
# run put it; the public mirrors, checked by SHA-256; and last, where they cannot be reached, the
# distribution's Fashion-MNIST package, which has the same form but is harder: pictures of clothes.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$top/build
cache=$build/mnist

mirrors="
https://ossci-datasets.s3.amazonaws.com/mnist
https://storage.googleapis.com/cvdf-datasets/mnist
"
# SHA-256 of the unpacked files; packed, they differ between the mirrors.
checksums="
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte
"
fashion=/usr/share/datasets/fashion-mnist

# quietly COMMAND...: shows what it prints only when it fails.
quietly() {
    "$@" > "$build/mnist.log" 2>&1 || {
        tail -n 40 "$build/mnist.log" >&2
        echo "mnist.sh: failed: $*" >&2
        exit 1
    }
}

build_example() {
    need_build
    install_packages
    mkdir -p "$build"
    # Who has configured build/ already may want the tests in it.
    if [ -f "$build/CMakeCache.txt" ]; then
        quietly cmake -S "$top" -B "$build" -DDLCORE_BUILD_EXAMPLES=ON
    else
        echo "Building dlcore ..."
        quietly cmake -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release -DDLCORE_BUILD_TESTS=OFF
    fi
    quietly cmake --build "$build" --parallel "$(nproc)" --target example_mnist
}

# have_all DIR: the four files are there, plain or packed.
have_all() {
    for name in $(echo "$checksums" | awk 'NF {print $2}'); do
        test -r "$1/$name" || test -r "$1/$name.gz" || return 1
    done
}

# fetch MIRROR: all four files into the cache; each appears there whole and checked, or not at all.
fetch() {
    echo "$checksums" | while read -r sum name; do
        test -n "$name" || continue
        test ! -r "$cache/$name.gz" || continue
        curl -fsS --location --connect-timeout 5 --speed-time 10 --max-time 120 -o "$cache/part" \
            "$1/$name.gz" || return 1
        found=$(gzip -dc "$cache/part" 2> /dev/null | sha256sum | cut -d ' ' -f 1)
        if [ "$found" != "$sum" ]; then
            echo "$1/$name.gz is not the file it should be (SHA-256 $found)" >&2
            return 1
        fi
        mv "$cache/part" "$cache/$name.gz"
    done
}

# Sets `data` to a folder with all four files.
obtain_data() {
    data=$cache
    have_all "$cache" && return 0
    need_command curl curl ca-certificates
    install_packages || true
    mkdir -p "$cache"
    for mirror in $mirrors; do
        echo "Fetching MNIST from $mirror ..."
        fetch "$mirror" && have_all "$cache" && return 0
    done
    rm -f "$cache/part"

    echo "No mirror of MNIST can be reached: using Fashion-MNIST, the package dataset-fashion-mnist."
    echo "Mind that these are pictures of clothes, not digits, and harder: expect about 0.87."
    data=$fashion
    have_all "$fashion" && return 0
    need_package dataset-fashion-mnist
    install_packages || true
    have_all "$fashion" && return 0
    echo "mnist.sh: no data. Put the four files of MNIST into $cache, or give --data DIR." >&2
    exit 1
}

build_example
# Whoever names the data, or asks for help, needs none fetched.
for argument in "$@"; do
    case $argument in
    --data | --data=* | --help) exec "$build/examples/mnist" "$@" ;;
    esac
done
if [ -n "${DLCORE_MNIST_DIR:-}" ]; then
    exec "$build/examples/mnist" "$@"
fi
obtain_data
exec "$build/examples/mnist" --data "$data" "$@"
