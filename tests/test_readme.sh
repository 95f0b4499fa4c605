#!/bin/sh
# The first program in README.md compiles as it is printed there, and runs. It is the fenced block
# after the line "<!-- first program -->".
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
