#!/bin/sh
# Each public header compiles on its own, without a warning, as C and as C++.
#
#   test_headers.sh include [cc [c++]]
#
# SPDX-License-Identifier: MIT
set -eu
include=$1
cc=${2:-cc}
cxx=${3:-}
warnings="-pedantic -Wall -Wextra -Wconversion -Wshadow -Werror"

for header in "$include"/dlcore.h "$include"/dlcore/*.h; do
    name=${header#"$include"/}
    # Twice, for the guard; and names.h, which declares nothing, is no program on its own.
    program=$(printf '#include <%s>\n#include <%s>\ntypedef int the_end;' "$name" "$name")
    # shellcheck disable=SC2086 # flags are words
    echo "$program" |
        "$cc" -std=c11 $warnings -Wstrict-prototypes -I "$include" -fsyntax-only -x c -
    test -z "$cxx" && continue
    # shellcheck disable=SC2086
    echo "$program" |
        "$cxx" -std=c++11 $warnings -I "$include" -fsyntax-only -x c++ -
done
echo "test_headers: all in order"
