# shellcheck shell=sh
# Installing what is missing from the distribution (Debian, Ubuntu), for the scripts that build.
# A script names what it needs, then calls install_packages; when nothing is missing that costs
# nothing and needs no network.
#
# SPDX-License-Identifier: MIT
missing_packages=

# need_command COMMAND PACKAGE...: what to install when there is no such command.
need_command() {
    command -v "$1" > /dev/null || {
        shift
        missing_packages="$missing_packages $*"
    }
}

# need_package PACKAGE...: libraries and data, which no command tells of.
need_package() {
    for package in "$@"; do
        # On a system without dpkg, the build itself says what it misses.
        command -v dpkg-query > /dev/null || return 0
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) || state=absent
        case $state in # more than once where there are packages of several architectures
        installed*) ;;
        *) missing_packages="$missing_packages $package" ;;
        esac
    done
}

# What a build of dlcore needs.
need_build() {
    need_command cmake cmake
    need_command cc gcc libc6-dev
    need_command make make
    need_command pkg-config pkg-config
    need_package libopenblas-dev zlib1g-dev
}

# clang, with what its sanitizers and its coverage link.
need_clang() {
    need_command clang clang
    need_package libclang-rt-dev
}

# The clang for MSan, in $memory_clang: clang itself, or clang-16 where it is older. The MSan of clang 14 does not
# know fstat of glibc 2.33 and newer, and takes what it returns for unset.
need_memory_clang() {
    memory_clang=clang
    version=$(clang -dumpversion 2> /dev/null || echo 0)
    test "${version%%.*}" -lt 16 || return 0
    # shellcheck disable=SC2034 # for the caller
    memory_clang=clang-16
    need_command clang-16 clang-16
    need_package libclang-rt-16-dev
}

# install_packages: installs what is missing, or says what to do and fails.
install_packages() {
    test -n "$missing_packages" || return 0
    packages=$missing_packages
    missing_packages=
    if ! command -v apt-get > /dev/null; then
        echo "These Debian packages, or what your system calls them, are needed:$packages" >&2
        return 1
    fi
    if [ "$(id -u)" = 0 ]; then
        as_root="env"
    elif command -v sudo > /dev/null; then
        as_root="sudo env"
    else
        echo "Please install as root, or install sudo: apt-get install$packages" >&2
        return 1
    fi
    echo "Installing$packages ..."
    apt="$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
    # An update may fail off-line, when what is asked for is in the cache all the same. And the
    # output of both is worth reading only when they fail.
    # shellcheck disable=SC2086 # words
    if ! log=$({ $apt update || true; $apt install -y --no-install-recommends $packages; } 2>&1 < /dev/null); then
        printf '%s\n' "$log" | tail -n 20 >&2
        echo "Could not install$packages" >&2
        return 1
    fi
}

# python_with FOLDER OPTION-OR-PACKAGE...: $python is a Python that has these packages: PYTHON, where that is
# set, else one in FOLDER/venv, into which pip installs them. What went wrong is in FOLDER/pip.log. Exits with
# 77, skipped, where there is no Python 3 with venv, or no network.
python_with() {
    python=${PYTHON:-}
    test -z "$python" || return 0
    mkdir -p "$1"
    python=$1/venv/bin/python
    pip_log=$1/pip.log
    shift
    if ! python3 -c 'import ensurepip, venv' > "$pip_log" 2>&1; then
        echo "SKIPPED (no Python 3 with venv)"
        exit 77
    fi
    test -x "$python" || python3 -m venv "${python%/bin/python}"
    pip_installs "$@"
}

# pip_installs OPTION-OR-PACKAGE...: what pip of $python says, if it fails, is in $pip_log. Exits with 77 where
# nothing can be reached.
pip_installs() {
    # Modules are compiled when they are used: most never are.
    "$python" -m pip install -q --no-compile --disable-pip-version-check --retries 2 "$@" > "$pip_log" 2>&1 && return 0
    # What pip says where nothing can be reached; anything else is a failure.
    if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError' "$pip_log"; then
        echo "SKIPPED (no network)"
        exit 77
    fi
    tail -n 20 "$pip_log"
    exit 1
}

# python_of_models FOLDER REQUIREMENTS: likewise with torch, of builds without GPUs where these can be had, and
# the other packages of that file.
python_of_models() {
    python_with "$1" --extra-index-url https://download.pytorch.org/whl/cpu "$(grep '^torch==' "$2")"
    python_with "$1" -r "$2" flatbuffers requests
    python_with "$1" --no-deps tf2onnx==1.17.0
}

# cmocka_source FOLDER: fetches the source package of cmocka and unpacks it as FOLDER/cmocka. It uses the
# lists of this machine, which it does not change.
cmocka_source() {
    test ! -e "$1/cmocka/CMakeLists.txt" || return 0
    mkdir -p "$1/apt/parts" "$1/apt/lists/partial" "$1/source"
    (
        for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
            test -f "$list" || continue
            sed -E 's/^Types:.*/Types: deb-src/; s/^deb(-src)? /deb-src /' "$list" \
                > "$1/apt/parts/$(basename "$list")"
        done
        cd "$1"
        set -- -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/apt/parts" \
            -o Dir::State::lists="$PWD/apt/lists" -o APT::Sandbox::User="$(id -un)"
        apt-get "$@" update || true
        cd source
        apt-get "$@" source --download-only cmocka
    ) > "$1/source.log" 2>&1 || {
        tail -n 3 "$1/source.log"
        echo "the source package of cmocka is not to be had"
        return 1
    }
    mkdir -p "$1/cmocka"
    tar -C "$1/cmocka" --strip-components=1 -xf "$1"/source/cmocka_*.orig.tar.[gx]z
}
