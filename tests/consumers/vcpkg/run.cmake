# Runs the port with functions of the names that vcpkg gives to ports, each as its manual says, but without
# vcpkg: what the port asks for is configured, built and installed, and laid out as a package of vcpkg.
#
#   cmake -DPORT_FOLDER=FOLDER -DWORK=FOLDER -DVCPKG_LIBRARY_LINKAGE=static|dynamic [-DFEATURES=zlib]
#       [-DVCPKG_BUILD_TYPE=release] [-DVCPKG_CMAKE_CONFIGURE_OPTIONS=OPTIONS] -P run.cmake
#
# The package is WORK/package. Without VCPKG_BUILD_TYPE it has both builds, Debug in its folder debug.
#
# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.21)
set(CURRENT_PORT_DIR ${PORT_FOLDER})
set(CURRENT_PACKAGES_DIR ${WORK}/package)
set(PORT dlcore)
file(REMOVE_RECURSE ${WORK})
set(builds Release)
if(NOT VCPKG_BUILD_TYPE STREQUAL "release")
    list(APPEND builds Debug)
endif()
set(prefix_Release ${CURRENT_PACKAGES_DIR})
set(prefix_Debug ${CURRENT_PACKAGES_DIR}/debug)

function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 ASKED "" "SOURCE_PATH" "OPTIONS")
    if(ASKED_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "vcpkg_cmake_configure: ${ASKED_UNPARSED_ARGUMENTS}")
    endif()
    set(shared OFF)
    if(VCPKG_LIBRARY_LINKAGE STREQUAL "dynamic")
        set(shared ON)
    endif()
    foreach(build IN LISTS builds)
        execute_process(COMMAND ${CMAKE_COMMAND} -S ${ASKED_SOURCE_PATH} -B ${WORK}/${build}
            -DCMAKE_BUILD_TYPE=${build} -DCMAKE_INSTALL_PREFIX=${prefix_${build}} -DCMAKE_INSTALL_LIBDIR=lib
            -DCMAKE_INSTALL_BINDIR=bin -DBUILD_SHARED_LIBS=${shared} ${ASKED_OPTIONS}
            ${VCPKG_CMAKE_CONFIGURE_OPTIONS}
            COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
endfunction()

function(vcpkg_cmake_install)
    cmake_host_system_information(RESULT cpus QUERY NUMBER_OF_LOGICAL_CORES)
    foreach(build IN LISTS builds)
        execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/${build} --parallel ${cpus} --target install
            COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
endfunction()

# Moves the package's CMake files to share/dlcore, those that name the libraries of a build from both builds.
function(vcpkg_cmake_config_fixup)
    cmake_parse_arguments(PARSE_ARGV 0 ASKED "" "CONFIG_PATH" "")
    set(share ${CURRENT_PACKAGES_DIR}/share/${PORT})
    file(MAKE_DIRECTORY ${CURRENT_PACKAGES_DIR}/share)
    file(RENAME ${CURRENT_PACKAGES_DIR}/${ASKED_CONFIG_PATH} ${share})
    file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/lib/cmake)
    if(Debug IN_LIST builds)
        file(GLOB of_debug ${prefix_Debug}/${ASKED_CONFIG_PATH}/*-debug.cmake)
        foreach(file IN LISTS of_debug)
            file(READ ${file} text)
            string(REPLACE "\${_IMPORT_PREFIX}/lib" "\${_IMPORT_PREFIX}/debug/lib" text "${text}")
            get_filename_component(name ${file} NAME)
            file(WRITE ${share}/${name} "${text}")
        endforeach()
        file(REMOVE_RECURSE ${prefix_Debug}/lib/cmake)
    endif()
    # They lie one folder higher than CMake has written them for.
    file(GLOB files ${share}/*.cmake)
    set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
    foreach(file IN LISTS files)
        file(READ ${file} text)
        string(REPLACE "${up}${up}${up}" "${up}${up}" text "${text}")
        string(REPLACE "\${CMAKE_CURRENT_LIST_DIR}/../../../" "\${CMAKE_CURRENT_LIST_DIR}/../../" text "${text}")
        file(WRITE ${file} "${text}")
        if(text MATCHES "${CURRENT_PACKAGES_DIR}")
            message(FATAL_ERROR "${file} names the folder that it was installed to")
        endif()
    endforeach()
endfunction()

function(vcpkg_fixup_pkgconfig)
    foreach(build IN LISTS builds)
        if(NOT EXISTS ${prefix_${build}}/lib/pkgconfig/dlcore.pc)
            message(FATAL_ERROR "${build} has no lib/pkgconfig/dlcore.pc")
        endif()
    endforeach()
endfunction()

function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 ASKED "" "" "FILE_LIST")
    file(COPY_FILE ${ASKED_FILE_LIST} ${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright)
endfunction()

include(${PORT_FOLDER}/portfile.cmake)

# What vcpkg looks for behind a port.
foreach(none IN ITEMS debug/include debug/share share/doc lib/cmake debug/lib/cmake)
    if(EXISTS ${CURRENT_PACKAGES_DIR}/${none})
        message(FATAL_ERROR "the package has a folder ${none}")
    endif()
endforeach()
foreach(needed IN ITEMS include/dlcore.h share/dlcore/copyright share/dlcore/dlcore-config.cmake)
    if(NOT EXISTS ${CURRENT_PACKAGES_DIR}/${needed})
        message(FATAL_ERROR "the package has no ${needed}")
    endif()
endforeach()
