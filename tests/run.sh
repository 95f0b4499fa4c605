#!/bin/sh
# Installs what is missing, builds dlcore with its tests into build/ and runs them. Arguments go to
# ctest (-R tensor: only tests of such names), DLCORE_CMAKE_OPTIONS to CMake. The exit status is ctest's.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$top/build

need_build
need_command c++ g++
need_package libcmocka-dev libhdf5-dev libnanopb-dev libzip-dev # for the parts
install_packages

mkdir -p "$build"
# shellcheck disable=SC2086 # words, or none
cmake -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release -DDLCORE_BUILD_TESTS=ON \
    -DDLCORE_BUILD_EXAMPLES=ON ${DLCORE_CMAKE_OPTIONS:-}
cmake --build "$build" --parallel "$(nproc)"
exec ctest --no-tests=error --parallel "$(nproc)" --test-dir "$build" --output-on-failure "$@"
