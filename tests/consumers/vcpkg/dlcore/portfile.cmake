# An overlay port: vcpkg install dlcore --overlay-ports=tests/consumers/vcpkg. The sources are those that
# this file lies in.
#
# SPDX-License-Identifier: MIT
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../../.." ABSOLUTE)

set(blas portable)
if("openblas" IN_LIST FEATURES)
    set(blas openblas)
endif()
set(zlib OFF)
if("zlib" IN_LIST FEATURES)
    set(zlib ON)
endif()
string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" dynamic shared)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DDLCORE_BLAS=${blas}
        -DDLCORE_ZLIB=${zlib}
        -DDLCORE_SHARED_LIBRARY=${shared}
        -DDLCORE_KERAS=OFF
        -DDLCORE_MPI=OFF
        -DDLCORE_NPZ=OFF
        -DDLCORE_ONNX=OFF
        -DDLCORE_BUILD_TESTS=OFF
        -DDLCORE_BUILD_EXAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/dlcore)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share"
    "${CURRENT_PACKAGES_DIR}/share/doc")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
