#!/bin/sh
# The short names: names.h has exactly one alias for each public function, type and enumerator, each
# alias is its full name without the prefix and has two words, and what it stands for exists.
#
#   test_names.sh include cc nm "parts [PART...]" ARCHIVE...
#
# The archives have what dlcore.h and the headers of these parts declare; names.h has the names of all
# parts, built or not.
#
# SPDX-License-Identifier: MIT
set -eu
include=$1
cc=$2
nm=$3
parts=${4#parts}
shift 4
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

complain() {
    echo "test_names: $1:" >&2
    sed 's/^/    /' >&2
    failed=1
}

# differ OLD NEW MESSAGE: complains about the lines of NEW that OLD does not have.
differ() {
    comm -13 "$1" "$2" > "$work/difference"
    test ! -s "$work/difference" || complain "$3" < "$work/difference"
}

# What headers declare, from the compiler's view of them: no comments, macros expanded.
expanded() {
    printf '#include <%s>\n' "$@" | "$cc" -E -P -I "$include" -DDLCORE_NO_SHORT_NAMES -x c -
}
functions() {
    tr '\n' ' ' | grep -oE '\<dlcore_[a-z0-9_]+ *\([^*]' | sed 's, *(.*,,' | LC_ALL=C sort -u
}
# shellcheck disable=SC2046 # names of headers are words
expanded dlcore.h $(cd "$include" && printf '%s\n' dlcore/*.h | grep -v names.h) > "$work/headers"
functions < "$work/headers" > "$work/functions"
# shellcheck disable=SC2046
expanded dlcore.h $(echo "$parts" | tr ' ' '\n' | sed -n 's,..*,dlcore/&.h,p') | functions > "$work/built"
grep -oE '\<dlcore_[a-z0-9_]+_t\>' "$work/headers" | LC_ALL=C sort -u > "$work/types"
# Status codes are used by their full names, and so are these functions. Precisions are macros.
{
    grep -oE '\<DLCORE_[A-Z0-9_]+\>' "$work/headers" | grep -vE '^DLCORE_(OK|ERROR_.*)$'
    sed -n 's/^#define \(DLCORE_PRECISION_[A-Z0-9]*\) .*/\1/p' "$include/dlcore/model.h"
} | LC_ALL=C sort -u > "$work/enumerators"
grep -vE '^dlcore_(version|status)_' "$work/functions" |
    LC_ALL=C sort -m - "$work/types" "$work/enumerators" > "$work/public"

sed -n 's/^#define \([A-Za-z_0-9]*\) \([A-Za-z_0-9]*\)$/\1 \2/p' "$include/dlcore/names.h" \
    > "$work/aliases"
cut -d ' ' -f 2 "$work/aliases" | LC_ALL=C sort > "$work/targets"

if [ "$(wc -l < "$work/functions")" -lt 50 ]; then
    echo "test_names: found only these functions in the headers:" >&2
    cat "$work/functions" >&2
    exit 1
fi

grep '#define' "$include/dlcore/names.h" |
    grep -vxE '#define (DLCORE_NAMES_H|[A-Za-z_0-9]+ [A-Za-z_0-9]+)' > "$work/odd" || true
test ! -s "$work/odd" || complain "not a plain alias" < "$work/odd"
differ "$work/targets" "$work/public" "no short name for"
differ "$work/public" "$work/targets" "short names, more than one or for what the headers lack"
awk '$2 != "dlcore_" $1 && $2 != "DLCORE_" $1' "$work/aliases" > "$work/odd"
test ! -s "$work/odd" || complain "the alias is not the name without its prefix" < "$work/odd"
grep -vE '^[A-Za-z0-9]+_[A-Za-z0-9_]+ ' "$work/aliases" > "$work/odd" || true
test ! -s "$work/odd" || complain "an alias of one word" < "$work/odd"

"$nm" -g "$@" | awk '$2 == "T" {print $3}' | LC_ALL=C sort -u > "$work/symbols"
differ "$work/symbols" "$work/built" "declared, but not in $*"

test $failed = 0 && echo "test_names: $(wc -l < "$work/aliases") names, all in order"
exit $failed
