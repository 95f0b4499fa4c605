#!/bin/sh
# A C++ program, in the oldest and in a recent standard that headers are promised for.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/consumers/common.sh
. "$(dirname "$0")/common.sh"

fresh cpp
for standard in c++11 c++17; do
    # shellcheck disable=SC2046,SC2086 # flags are words
    "$CXX" -std=$standard -pedantic $warnings $(dlcore_flags --cflags) -o program \
        "$consumers/program.cpp" $(dlcore_flags --libs)
    ./program
done
