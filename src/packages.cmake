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

# The serial C library; Debian and Ubuntu have its pkg-config file under a name of its own.
set(dlcore_libhdf5_debian libhdf5-dev)
macro(dlcore_find_libhdf5)
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
        pkg_search_module(DLCORE_HDF5_PC QUIET hdf5-serial hdf5)
    endif()
    find_path(DLCORE_LIBHDF5_INCLUDE_DIR hdf5.h HINTS ${DLCORE_HDF5_PC_INCLUDE_DIRS}
        PATH_SUFFIXES hdf5/serial)
    find_library(DLCORE_LIBHDF5_LIBRARY NAMES hdf5_serial hdf5 HINTS ${DLCORE_HDF5_PC_LIBRARY_DIRS})
    mark_as_advanced(DLCORE_LIBHDF5_INCLUDE_DIR DLCORE_LIBHDF5_LIBRARY)
    if(NOT TARGET dlcore::libhdf5 AND DLCORE_LIBHDF5_INCLUDE_DIR AND DLCORE_LIBHDF5_LIBRARY)
        add_library(dlcore::libhdf5 UNKNOWN IMPORTED GLOBAL)
        set_target_properties(dlcore::libhdf5 PROPERTIES
            IMPORTED_LOCATION "${DLCORE_LIBHDF5_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${DLCORE_LIBHDF5_INCLUDE_DIR}")
    endif()
endmacro()

# nanopb's headers and its library of a few functions; its generator is not needed.
set(dlcore_nanopb_debian libnanopb-dev)
macro(dlcore_find_nanopb)
    find_path(DLCORE_NANOPB_INCLUDE_DIR pb_decode.h PATH_SUFFIXES nanopb)
    find_library(DLCORE_NANOPB_LIBRARY protobuf-nanopb)
    mark_as_advanced(DLCORE_NANOPB_INCLUDE_DIR DLCORE_NANOPB_LIBRARY)
    if(NOT TARGET dlcore::nanopb AND DLCORE_NANOPB_INCLUDE_DIR AND DLCORE_NANOPB_LIBRARY)
        add_library(dlcore::nanopb UNKNOWN IMPORTED GLOBAL)
        set_target_properties(dlcore::nanopb PROPERTIES
            IMPORTED_LOCATION "${DLCORE_NANOPB_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${DLCORE_NANOPB_INCLUDE_DIR}")
    endif()
endmacro()

# Open MPI, MPICH or another: that of mpicc, or of MPI_C_COMPILER. Programs that use it need its
# headers, too: they are built with mpicc, or with CMake's MPI::MPI_C.
set(dlcore_mpi_c_debian libopenmpi-dev)
macro(dlcore_find_mpi_c)
    if(NOT CMAKE_CROSSCOMPILING)
        find_package(MPI QUIET COMPONENTS C)
    endif()
    if(NOT TARGET dlcore::mpi_c AND MPI_C_FOUND AND MPI_C_LIBRARIES)
        set(dlcore_mpi_libraries ${MPI_C_LIBRARIES})
        list(POP_FRONT dlcore_mpi_libraries dlcore_mpi_library)
        add_library(dlcore::mpi_c UNKNOWN IMPORTED GLOBAL)
        set_target_properties(dlcore::mpi_c PROPERTIES
            IMPORTED_LOCATION "${dlcore_mpi_library}"
            INTERFACE_LINK_LIBRARIES "${dlcore_mpi_libraries}"
            INTERFACE_INCLUDE_DIRECTORIES "${MPI_C_INCLUDE_DIRS}")
    endif()
endmacro()
