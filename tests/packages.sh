#!/bin/sh
# Packages of dlcore for other programs' builds: a Meson subproject and a Conan package, each made of this tree
# and used by a program, without a network; and a port for vcpkg, run with functions of our own in the place of vcpkg's.
#
#   tests/packages.sh FOLDER [meson|conan|vcpkg...]
#
# meson and conan are taken from the path, or from PyPI, into a folder of their own; where neither has one, that
# package is skipped, by name.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "$1"
work=$(CDPATH='' cd -- "$1" && pwd)
shift
packages=$top/tests/consumers
version=$(sed -n 's/^#define DLCORE_VERSION_[A-Z]* \([0-9][0-9]*\)$/\1/p' "$top/include/dlcore/version.h" | paste -sd .)

from_pypi() {
    PATH=$work/venv/bin:$PATH
    command -v "$1" > /dev/null && return 0
    { test -x "$work/venv/bin/pip" || python3 -m venv "$work/venv"; } > "$work/pip.log" 2>&1 &&
        "$work/venv/bin/pip" install -q "$1" > "$work/pip.log" 2>&1
}

meson_subproject() {
    rm -rf "$work/meson"
    mkdir -p "$work/meson/subprojects"
    "$top/tests/amalgamate.sh" "$work/meson/subprojects/dlcore"
    sed "s/@VERSION@/$version/" "$packages/meson/dlcore.meson.build" > "$work/meson/subprojects/dlcore/meson.build"
    cp "$packages/meson/meson.build" "$packages/program.c" "$work/meson"
    (cd "$work/meson" && meson setup --wrap-mode=nodownload build && meson test -C build) > "$work/meson.log" 2>&1 || {
        tail -n 30 "$work/meson.log"
        return 1
    }
}

# conan_built RECIPE SHARED
conan_built() {
    conan create "$1" --no-remote -s build_type=Debug -o "dlcore/*:shared=$2" \
        -c tools.cmake.cmaketoolchain:extra_variables="{'DLCORE_KERNELS': 'generic'}"
}

conan_package() {
    # The recipe takes the sources from around it. A copy, because its test builds where it lies.
    rm -rf "$work/conan"
    mkdir -p "$work/conan/tests/consumers"
    for part in CMakeLists.txt LICENSE README.md include src examples; do
        cp -R "$top/$part" "$work/conan/$part"
    done
    cp -R "$packages/conan" "$work/conan/tests/consumers"
    cp "$packages/program.c" "$work/conan/tests/consumers"
    recipe=$work/conan/tests/consumers/conan
    export CONAN_HOME="$work/conan-home"
    {
        conan profile detect --force && conan_built "$recipe" False && conan_built "$recipe" True
    } > "$work/conan.log" 2>&1 || {
        tail -n 30 "$work/conan.log"
        return 1
    }
}

# port NAME BUILDS OPTION...: the port's package, and a program with it in each of these builds.
port() {
    name=$1 builds=$2
    shift 2
    cmake -DPORT_FOLDER="$packages/vcpkg/dlcore" -DWORK="$work/vcpkg-$name" "$@" \
        -DVCPKG_CMAKE_CONFIGURE_OPTIONS=-DDLCORE_KERNELS=generic -P "$packages/vcpkg/run.cmake" || return 1
    for build in $builds; do
        folder=$work/vcpkg-$name/program-$build
        cmake -S "$packages/find_package" -B "$folder" -DCMAKE_BUILD_TYPE="$build" \
            -DCMAKE_PREFIX_PATH="$work/vcpkg-$name/package" -DDLCORE_VERSION="$version" &&
            cmake --build "$folder" && "$folder/program" || return 1
    done
}

# Its JSON is JSON of this version; its options are options of dlcore.
vcpkg_port() {
    cmake -DFILE="$packages/vcpkg/dlcore/vcpkg.json" -DVERSION="$version" -P "$packages/vcpkg/check.cmake"
    sed -n 's/.*-D\(DLCORE_[A-Z_]*\)=.*/\1/p' "$packages/vcpkg/dlcore/portfile.cmake" | while read -r option; do
        grep -q "\(set\|option\)($option " "$top/CMakeLists.txt" || {
            echo "vcpkg: $option is no option of dlcore"
            return 1
        }
    done
    {
        port static "Release Debug" -DVCPKG_LIBRARY_LINKAGE=static &&
            port dynamic Release -DVCPKG_LIBRARY_LINKAGE=dynamic -DVCPKG_BUILD_TYPE=release
    } > "$work/vcpkg.log" 2>&1 || {
        tail -n 30 "$work/vcpkg.log"
        return 1
    }
}

# Conan's package and vcpkg's are built without vector kernels, which take half of the time.
test $# -gt 0 || set -- meson conan vcpkg
for package in "$@"; do
    case $package in
    meson | conan)
        if ! command -v "$package" > /dev/null && ! from_pypi "$package"; then
            echo "$package: SKIPPED, there is no $package"
            continue
        fi
        ;;
    esac
    case $package in
    meson) meson_subproject ;;
    conan) conan_package ;;
    vcpkg) vcpkg_port ;;
    esac
    echo "$package: passed"
done
