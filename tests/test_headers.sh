#!/bin/sh
# Each public header compiles on its own, without a warning, as C and as C++, and says DLCORE_API
# before each of its functions.
#
#   test_headers.sh include [cc [c++]]
#
# SPDX-License-Identifier: MIT
set -eu
include=$1
cc=${2:-cc}
cxx=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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

# One declaration a line, of dlcore.h and of those headers that it does not include: of parts.
(cd "$include" && printf '#include <%s>\n' dlcore.h dlcore/*.h) | grep -v names.h |
    "$cc" -E -P -I "$include" -DDLCORE_NO_SHORT_NAMES -DDLCORE_API=PUBLIC -x c - | grep -v '^#' |
    tr '\n' ' ' | tr ';' '\n' | grep -E '\<dlcore_[a-z0-9_]+ *\([^*]' | grep -vE '^ *(typedef|static) ' \
    > "$work/declared"
if [ "$(grep -cE '^ *PUBLIC ' "$work/declared")" -lt 50 ] || grep -vE '^ *PUBLIC ' "$work/declared"; then
    echo "test_headers: functions without DLCORE_API" >&2
    exit 1
fi
echo "test_headers: all in order"
