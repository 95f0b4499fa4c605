#!/bin/sh
# dlcore.hpp from the installed headers: its own test and two users' programs, with every C++ compiler
# that is here, from C++17 to the newest standard that each knows.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

strict="-Werror -Wall -Wextra -Wpedantic -Wconversion -Wshadow"
fresh hpp
# build PROGRAM FLAG...: and runs it.
build() {
    program=$1
    shift
    # shellcheck disable=SC2046,SC2086 # flags are words
    "$CXX" -std=c++17 $strict "$@" $(dlcore_flags --cflags) -o "$program" \
        "$consumers/$program.cpp" $(dlcore_flags --libs)
    "./$program"
}
build hpp
build analyst
build game -fno-exceptions

# strictly COMPILER STANDARD PROGRAM FLAG...
strictly() {
    compiler=$1 standard=$2 program=$3
    shift 3
    # shellcheck disable=SC2046,SC2086
    "$compiler" -std="$standard" $strict "$@" $(dlcore_flags --cflags) -fsyntax-only \
        "$consumers/$program.cpp"
    echo "$compiler -std=$standard $program"
}
for compiler in g++ clang++; do
    command -v "$compiler" > /dev/null || continue
    newest=c++17
    for standard in c++20 c++23 c++2b c++26; do
        if echo 'int main() {}' | "$compiler" -std=$standard -fsyntax-only -x c++ - 2> error; then
            newest=$standard
        fi
    done
    strictly "$compiler" c++17 game -fno-exceptions
    strictly "$compiler" c++20 hpp
    strictly "$compiler" "$newest" hpp
done
