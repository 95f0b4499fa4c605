#!/bin/sh
# A compiler and pkg-config, nothing else.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh pkg_config
test "$(dlcore_flags --modversion)" = "$DLCORE_VERSION"
# shellcheck disable=SC2046,SC2086 # flags are words
"$CC" -std=c11 $warnings $(dlcore_flags --cflags) -o program "$consumers/program.c" \
    $(dlcore_flags --libs)
./program

# The examples are installed with the documentation; each builds the same way.
examples=$DLCORE_PREFIX/share/doc/dlcore/examples
test -f "$DLCORE_PREFIX/share/doc/dlcore/README.md"
for example in "$examples"/*.c; do
    name=$(basename "$example" .c)
    grep -qF "\`$name.c\`" "$examples/README.md" || {
        echo "examples/README.md does not tell of $name.c" >&2
        exit 1
    }
    if grep -q '<dlcore/mpi.h>' "$example"; then
        continue # needs MPI's own compiler: examples/CMakeLists.txt builds it
    fi
    set -- "$example"
    for unit in "$examples"/support/*.c; do
        ! grep -qF "\"support/$(basename "$unit" .c).h\"" "$example" || set -- "$@" "$unit"
    done
    # shellcheck disable=SC2046,SC2086
    "$CC" -std=c11 $warnings $(dlcore_flags --cflags) -o "$name" "$@" $(dlcore_flags --libs)
done
./xor
