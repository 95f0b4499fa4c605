# The port's JSON, read: cmake -DFILE=vcpkg.json -DVERSION=1.2.3 -P check.cmake
#
# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.21)
file(READ "${FILE}" text)
string(JSON version GET "${text}" version)
string(JSON name GET "${text}" name)
if(NOT version STREQUAL VERSION OR NOT name STREQUAL "dlcore")
    message(FATAL_ERROR "${FILE} is of ${name} ${version}, dlcore is ${VERSION}")
endif()
