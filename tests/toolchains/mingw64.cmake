# Windows on x86-64 by MinGW-w64, as Debian and Ubuntu have it (gcc-mingw-w64-x86-64). Programs are linked
# without libraries of the compiler's own, so that they run anywhere.
#
#   cmake -S . -B build-windows -DCMAKE_TOOLCHAIN_FILE=tests/toolchains/mingw64.cmake
#
# SPDX-License-Identifier: MIT
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
# Nothing of this machine is found for that one; DLCORE_CROSS_PREFIX is a folder with more of its libraries.
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32 $ENV{DLCORE_CROSS_PREFIX})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# What runs its programs here.
set(CMAKE_CROSSCOMPILING_EMULATOR wine)
