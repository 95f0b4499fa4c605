#!/bin/sh
# The library as two files: a Makefile of three lines, the header alone, and the same weights to the last
# bit as from the installed archive.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh two_files
"$DLCORE_SOURCE_DIR/tests/amalgamate.sh" .
cp "$consumers/two_files/Makefile" "$consumers/program.c" .
make CC="$CC"
./program

# The header needs none of the other files, in C and in C++.
mkdir header
cp dlcore.h header
# shellcheck disable=SC2086 # flags are words
"$CC" -std=c11 $warnings -Wpedantic -I header -fsyntax-only "$consumers/program.c"
if [ -n "${CXX:-}" ]; then
    # shellcheck disable=SC2086
    "$CXX" -std=c++11 $warnings -Wpedantic -I header -fsyntax-only "$consumers/program.cpp"
fi

# In a host's file, behind headers of the system: either all is declared, or the message says what to do.
printf '#include <stdio.h>\n#include "dlcore.c"\n' > late.c
"$CC" -DDLCORE_GENERIC -D_GNU_SOURCE -Werror -fsyntax-only late.c
"$CC" -DDLCORE_GENERIC -Werror -fsyntax-only late.c 2> late.log ||
    grep -q "dlcore's sources come before any header of the system" late.log

# An engine of vectors computes the same in both; without one, this installation may have a BLAS.
"$CC" -O2 -o bits_here -I . "$consumers/two_files/bits.c" dlcore*.o -lm -pthread
# shellcheck disable=SC2046
"$CC" -O2 -o bits_there $(dlcore_flags --cflags) "$consumers/two_files/bits.c" $(dlcore_flags --libs)
./bits_here > here
./bits_there > there
cat here
if [ "$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo; then
    cmp here there
fi
