#!/bin/sh
# Two plugins in one process, each with a copy of dlcore: one links the archive, the other compiles
# the sources itself, as one file and with no flag of ours, and calls them another version.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

if ! test -e "$(find "$DLCORE_PREFIX" -name libdlcore.a)"; then
    echo "plugins: SKIPPED (the installation has no archive)"
    exit 0
fi
fresh plugins

# shellcheck disable=SC2046,SC2086 # flags are words
"$CC" -std=c11 $warnings -fPIC -shared -DPLUGIN_TRAIN=plugin_a $(dlcore_flags --cflags) \
    -o plugin_a.so "$consumers/plugins/plugin.c" $(dlcore_flags --libs)

# What is compiled for one kind of CPU or another system is left out, and so are zlib, a BLAS and the parts.
cp -r "$DLCORE_SOURCE_DIR/include" .
sed -i 's/^#define DLCORE_VERSION .*/#define DLCORE_VERSION "9.8.7"/' include/dlcore/version.h
{
    echo '#include "system/features.h"'
    find "$DLCORE_SOURCE_DIR/src" -name '*.c' | sort |
        grep -vE '/src/products/blas\.c$|_(avx2|avx512|neon|none|windows)\.c$|/src/exchange/(hdf5|keras|mpi|npz|onnx|zip)' | sed 's/.*/#include "&"/'
} > dlcore.c
# shellcheck disable=SC2086
"$CC" -std=c11 $warnings -O1 -ffp-contract=off -fPIC -shared -DPLUGIN_TRAIN=plugin_b \
    -I include -I "$DLCORE_SOURCE_DIR/src" -o plugin_b.so "$consumers/plugins/plugin.c" dlcore.c \
    -pthread -lm

for plugin in plugin_a plugin_b; do
    # The dynamic linker's view: one function, which is the plugin's.
    nm -D --defined-only $plugin.so | cut -d' ' -f3 | grep -vE '^_(init|fini)$' > $plugin.names
    if [ "$(cat $plugin.names)" != "$plugin" ]; then
        echo "$plugin.so exports $(grep -c dlcore_ $plugin.names) names of dlcore:" >&2
        head $plugin.names >&2
        exit 1
    fi
done

# shellcheck disable=SC2086
"$CC" -std=c11 $warnings -o host "$consumers/plugins/host.c" -pthread -ldl
./host "$PWD/plugin_a.so" "$DLCORE_VERSION" "$PWD/plugin_b.so" 9.8.7
