# Any target of `zig cc`, which brings the C libraries of Linux, macOS, FreeBSD and Windows along. tests/zig.sh
# uses it: DLCORE_ZIG_TOOLS is a folder with the commands cc, c++, ar and ranlib for the target
# DLCORE_ZIG_TARGET (aarch64-macos).
#
# SPDX-License-Identifier: MIT
set(DLCORE_ZIG_TARGET "$ENV{DLCORE_ZIG_TARGET}")
set(dlcore_tools "$ENV{DLCORE_ZIG_TOOLS}")
if(DLCORE_ZIG_TARGET MATCHES "macos")
    set(CMAKE_SYSTEM_NAME Darwin)
elseif(DLCORE_ZIG_TARGET MATCHES "freebsd")
    set(CMAKE_SYSTEM_NAME FreeBSD)
elseif(DLCORE_ZIG_TARGET MATCHES "windows")
    set(CMAKE_SYSTEM_NAME Windows)
else()
    set(CMAKE_SYSTEM_NAME Linux)
endif()
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${DLCORE_ZIG_TARGET}")
set(CMAKE_C_COMPILER ${dlcore_tools}/cc)
set(CMAKE_CXX_COMPILER ${dlcore_tools}/c++)
set(CMAKE_AR ${dlcore_tools}/ar)
set(CMAKE_RANLIB ${dlcore_tools}/ranlib)
set(CMAKE_FIND_ROOT_PATH ${dlcore_tools})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
