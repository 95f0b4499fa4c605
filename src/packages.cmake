# The packages that parts of dlcore need. dlcore_find_<package>() makes the target dlcore::<package>
# where the package is found; dlcore_<package>_debian is its name in Debian and Ubuntu. Used by the
# build and, installed, by the package config.
#
# SPDX-License-Identifier: MIT

# By its files: the package config of libzip in Debian 12 asks for programs of other packages.
set(dlcore_libzip_debian libzip-dev)
macro(dlcore_find_libzip)
    find_path(DLCORE_LIBZIP_INCLUDE_DIR zipconf.h)
    find_library(DLCORE_LIBZIP_LIBRARY zip)
    mark_as_advanced(DLCORE_LIBZIP_INCLUDE_DIR DLCORE_LIBZIP_LIBRARY)
    if(NOT TARGET dlcore::libzip AND DLCORE_LIBZIP_INCLUDE_DIR AND DLCORE_LIBZIP_LIBRARY)
        add_library(dlcore::libzip UNKNOWN IMPORTED GLOBAL)
        set_target_properties(dlcore::libzip PROPERTIES
            IMPORTED_LOCATION "${DLCORE_LIBZIP_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${DLCORE_LIBZIP_INCLUDE_DIR}")
    endif()
endmacro()
