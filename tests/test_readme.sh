#!/bin/sh
# The first program in README.md compiles as it is printed there, and runs; it is the fenced block
# after the line "<!-- first program -->". The pieces of C further down compile, too.
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
