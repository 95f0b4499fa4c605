# Finds a BLAS together with its C interface: cblas.h and a cblas_sgemm that links.
#
# SPDX-License-Identifier: MIT
include(CheckCSourceCompiles)

# dlcore_find_blas(<name> <vendor>) looks for the BLAS that FindBLAS calls <vendor>. Sets in the
# caller:
#   dlcore_blas              <name>, or empty when it cannot be used
#   dlcore_blas_vendor       <vendor>, with which the installed package config finds it again
#   dlcore_blas_libraries    what to link
#   dlcore_blas_cblas        whether a separate libcblas is among them
#   dlcore_blas_include_dir  where cblas.h is
#   dlcore_blas_problem      why it cannot be used
function(dlcore_find_blas name vendor)
    set(dlcore_blas "" PARENT_SCOPE)
    set(BLA_VENDOR "${vendor}")
    find_package(BLAS QUIET)
    if(NOT BLAS_FOUND)
        set(dlcore_blas_problem "FindBLAS found none (vendor: ${vendor})" PARENT_SCOPE)
        return()
    endif()

    set(hints "")
    foreach(library IN LISTS BLAS_LIBRARIES)
        if(IS_ABSOLUTE "${library}")
            get_filename_component(directory "${library}" DIRECTORY)
            list(APPEND hints "${directory}/../include")
        endif()
    endforeach()
    find_path(DLCORE_CBLAS_INCLUDE_DIR cblas.h HINTS ${hints} PATH_SUFFIXES ${name} cblas)
    mark_as_advanced(DLCORE_CBLAS_INCLUDE_DIR)
    if(NOT DLCORE_CBLAS_INCLUDE_DIR)
        set(dlcore_blas_problem "${name} was found, but not its header cblas.h" PARENT_SCOPE)
        return()
    endif()

    # Some distributions keep the C interface in a libcblas of its own.
    find_library(DLCORE_CBLAS_LIBRARY cblas)
    mark_as_advanced(DLCORE_CBLAS_LIBRARY)
    set(CMAKE_REQUIRED_INCLUDES "${DLCORE_CBLAS_INCLUDE_DIR}")
    foreach(separate IN ITEMS FALSE TRUE)
        set(cblas "")
        if(separate AND DLCORE_CBLAS_LIBRARY)
            set(cblas "${DLCORE_CBLAS_LIBRARY}")
        endif()
        set(libraries ${cblas} ${BLAS_LIBRARIES} ${BLAS_LINKER_FLAGS})
        set(CMAKE_REQUIRED_LIBRARIES "${libraries}")
        unset(DLCORE_CBLAS_LINKS CACHE) # a package may have been installed since
        check_c_source_compiles("
            #include <cblas.h>
            int main(void)
            {
                float x[1] = {1};
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, 1, 1, 1, 1, x, 1, x, 1, 0, x, 1);
                return 0;
            }" DLCORE_CBLAS_LINKS)
        if(DLCORE_CBLAS_LINKS)
            set(dlcore_blas "${name}" PARENT_SCOPE)
            set(dlcore_blas_vendor "${vendor}" PARENT_SCOPE)
            set(dlcore_blas_libraries "${libraries}" PARENT_SCOPE)
            set(dlcore_blas_cblas "${separate}" PARENT_SCOPE)
            set(dlcore_blas_include_dir "${DLCORE_CBLAS_INCLUDE_DIR}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    set(dlcore_blas_problem "${name} was found, but cblas_sgemm does not link" PARENT_SCOPE)
endfunction()
