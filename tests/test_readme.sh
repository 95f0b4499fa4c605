#!/bin/sh
# The first program in README.md compiles as it is printed there, and runs; it is the fenced block
# after the line "<!-- first program -->". The pieces of C further down compile, too. The table of headers
# has each of them, and stays on one screen; that of platforms says what .ci/run and tests/long.sh run.
#
#   test_readme.sh README.md
#
# The environment is that of the consumer tests: an installed dlcore, and pkg-config.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$DLCORE_SOURCE_DIR/tests/consumers/common.sh"

readme=$1
fresh readme
awk '/^<!-- first program -->$/ {marked = 1; next}
     marked && /^```/ {if (inside) exit; inside = 1; next}
     inside' "$readme" > first_program.c
if ! grep -q 'int main' first_program.c; then
    echo "no program after <!-- first program --> in $readme" >&2
    exit 1
fi
# shellcheck disable=SC2046,SC2086 # flags are words
"$CC" -std=c11 $warnings $(dlcore_flags --cflags) -o first_program first_program.c \
    $(dlcore_flags --libs)
./first_program

# Each of the other pieces, as a function of its own; a static function as it is.
awk '/^```c$/ {inside = 1; number++; held = ""; next}
     /^```$/ && inside {
         inside = 0
         if (held ~ /^static /)
             print held
         else if (held !~ /int main/)
             printf "void piece_%d(model_t *network, tensor_t *x, tensor_t *y, const float *pixels,\n" \
                    "float *probabilities, error_record_t error)\n{\n{\n%s}\n}\n", number, held
         next
     }
     inside {held = held $0 "\n"}' "$readme" > pieces
{
    printf '#include <dlcore.h>\n#include <dlcore/onnx.h>\n#include <stdio.h>\n'
    cat pieces
} > pieces.c
grep -c '^void piece_' pieces.c
# shellcheck disable=SC2046
"$CC" -std=c11 -Wall -Wextra -Werror -Wno-unused -Wno-unused-parameter -Wno-missing-prototypes \
    $(dlcore_flags --cflags) -c -o pieces.o pieces.c

if grep -n '^<!-- figures' "$readme"; then
    echo "README.md has places without their figures" >&2
    exit 1
fi

# 30 lines, none longer than a line of a wide window; api.h, names.h and version.h are for the others.
top=$(dirname "$readme")
awk '/^\| `dlcore\/...`/ {inside = 1} /^$/ {inside = 0} inside' "$readme" > headers
awk 'length > 140 {print "too long: " $0; bad = 1} END {exit bad || NR < 3 || NR > 30}' headers >&2
for header in "$top"/include/dlcore/*.h; do
    name=${header##*/}
    case $name in api.h | names.h | version.h) continue ;; esac
    grep -q "\`$name\`" headers || {
        echo "README.md: the table of headers lacks $name" >&2
        exit 1
    }
done

# Steps and parts that the table names exist; every step on another system or compiler is in it; so many programs.
awk '/^## / {inside = $2 == "Platforms"} inside && /^\|/' "$readme" > platforms
column() {
    awk -F'|' -v at="$1" 'NR > 2 {print $at}' platforms | tr '`' '\n' | sed -n '/^ *$/d; /^, $/d; p'
}
column 5 > steps
column 6 > parts
sed -n 's/^ *step "\([^"]*\)".*/\1/p' "$top/.ci/run" > steps_there
grep -E 'under|warning|clang$|i386|processors|two files|macOS|San$' steps_there > steps_due
"$top/tests/long.sh" --list | awk '{print $1}' > parts_there
{
    grep -vxFf steps_there steps | sed 's/$/: is no step of .ci\/run/'
    grep -vxFf steps steps_due | sed 's/$/: is not in the table of platforms/'
    grep -vxFf parts_there parts | sed 's/$/: is no part of tests\/long.sh/'
} > differences || true
for said in 'i386:.ci/run' 'musl:.ci/run' 'armhf:.ci/run' 'MinGW:tests/windows.sh'; do
    count=$(awk "/units='/, /'\$/" "$top/${said#*:}" | sed "s/.*units='//; s/'.*//" | wc -w)
    grep "^|[^|]*${said%%:*}" platforms | grep -q " $count programs" ||
        echo "${said%%:*}: $count programs are run by ${said#*:}" >> differences
done
if [ -s differences ]; then
    cat differences >&2
    exit 1
fi
