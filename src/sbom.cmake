# The software bill of materials: what a build consists of and needs, with the versions that were found,
# as SPDX 2.3 in JSON (https://spdx.github.io/spdx-spec/v2.3/).
#
# SPDX-License-Identifier: MIT

# dlcore_sbom_version(<variable> <folder> <header> <regex>): what the first parenthesis of <regex> matches in a
# line of the header; empty where there is no such header or line.
function(dlcore_sbom_version variable folder header regex)
    set(${variable} "" PARENT_SCOPE)
    foreach(place IN LISTS folder)
        if(EXISTS "${place}/${header}")
            file(STRINGS "${place}/${header}" lines REGEX "${regex}")
            if(lines)
                list(GET lines 0 line)
                string(REGEX MATCH "${regex}" line "${line}")
                set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
                return()
            endif()
        endif()
    endforeach()
endfunction()

# dlcore_sbom_package(<id> <name> <version, or empty> <license> <copyright>): appends to dlcore_sbom_packages.
macro(dlcore_sbom_package id name version license copyright)
    set(dlcore_sbom_info "")
    if(NOT "${version}" STREQUAL "")
        set(dlcore_sbom_info ",\n      \"versionInfo\": \"${version}\"")
    endif()
    list(APPEND dlcore_sbom_packages "    {
      \"SPDXID\": \"SPDXRef-${id}\",
      \"name\": \"${name}\"${dlcore_sbom_info},
      \"downloadLocation\": \"NOASSERTION\",
      \"filesAnalyzed\": false,
      \"licenseConcluded\": \"NOASSERTION\",
      \"licenseDeclared\": \"${license}\",
      \"copyrightText\": \"${copyright}\"
    }")
endmacro()

# dlcore_sbom_relation(<id> <relation> <id>): appends to dlcore_sbom_relations.
macro(dlcore_sbom_relation from relation to)
    list(APPEND dlcore_sbom_relations "    {
      \"spdxElementId\": \"SPDXRef-${from}\",
      \"relationshipType\": \"${relation}\",
      \"relatedSpdxElement\": \"SPDXRef-${to}\"
    }")
endmacro()

# What parts need: the name that people know, the license, and where the version stands.
function(dlcore_sbom_need package)
    set(folder "")
    if(TARGET dlcore::${package})
        get_target_property(folder dlcore::${package} INTERFACE_INCLUDE_DIRECTORIES)
    endif()
    set(license NOASSERTION)
    if(package STREQUAL "libhdf5")
        set(name HDF5)
        dlcore_sbom_version(version "${folder}" H5public.h "H5_VERS_INFO +\"[^\"]*: ([0-9][^\" ]*)\"")
    elseif(package STREQUAL "libzip")
        set(name libzip)
        set(license BSD-3-Clause)
        dlcore_sbom_version(version "${folder}" zipconf.h "LIBZIP_VERSION +\"([^\"]*)\"")
    elseif(package STREQUAL "nanopb")
        set(name nanopb)
        set(license Zlib)
        dlcore_sbom_version(version "${folder}" pb.h "NANOPB_VERSION +\"?[a-z]*-?([0-9][^\" ]*)")
    elseif(package STREQUAL "mpi_c")
        set(name MPI)
        dlcore_sbom_version(version "${folder}" mpi.h "define MPICH_VERSION +\"([^\"]*)\"")
        if(NOT version STREQUAL "")
            set(name MPICH)
        else()
            set(numbers "")
            foreach(part MAJOR MINOR RELEASE)
                dlcore_sbom_version(number "${folder}" mpi.h "define OMPI_${part}_VERSION +([0-9]+)")
                list(APPEND numbers ${number})
            endforeach()
            list(JOIN numbers "." version)
            if(numbers)
                set(name "Open MPI")
            endif()
        endif()
    endif()
    dlcore_sbom_package(${package} "${name}" "${version}" ${license} NOASSERTION)
    set(dlcore_sbom_packages "${dlcore_sbom_packages}" PARENT_SCOPE)
endfunction()

# dlcore_write_sbom(<file>): of the core, its BLAS and zlib, and of the parts that are built (dlcore_parts), with
# what each needs (dlcore_<part>_needs).
function(dlcore_write_sbom file)
    set(dlcore_sbom_packages "")
    set(dlcore_sbom_relations "")
    set(ours "Copyright (c) 2026 The dlcore authors")
    dlcore_sbom_package(dlcore dlcore ${PROJECT_VERSION} MIT "${ours}")
    dlcore_sbom_relation(DOCUMENT DESCRIBES dlcore)
    dlcore_sbom_package(c-library "C library" "" NOASSERTION NOASSERTION)
    dlcore_sbom_relation(dlcore DEPENDS_ON c-library)
    if(NOT dlcore_blas STREQUAL "portable")
        set(name BLAS)
        set(license NOASSERTION)
        set(version "")
        if(dlcore_blas STREQUAL "openblas")
            set(name OpenBLAS)
            set(license BSD-3-Clause)
            dlcore_sbom_version(version "${dlcore_blas_include_dir}" openblas_config.h
                "OPENBLAS_VERSION +\" *OpenBLAS +([0-9][^\" ]*)")
        endif()
        dlcore_sbom_package(blas ${name} "${version}" ${license} NOASSERTION)
        dlcore_sbom_relation(dlcore DEPENDS_ON blas)
    endif()
    if(dlcore_zlib)
        dlcore_sbom_version(version "${ZLIB_INCLUDE_DIRS}" zlib.h "ZLIB_VERSION +\"([^\"]*)\"")
        dlcore_sbom_package(zlib zlib "${version}" Zlib NOASSERTION)
        dlcore_sbom_relation(dlcore DEPENDS_ON zlib)
    endif()
    set(seen "")
    foreach(part IN LISTS dlcore_parts)
        dlcore_sbom_package(dlcore-${part} dlcore-${part} ${PROJECT_VERSION} MIT "${ours}")
        dlcore_sbom_relation(DOCUMENT DESCRIBES dlcore-${part})
        dlcore_sbom_relation(dlcore-${part} DEPENDS_ON dlcore)
        foreach(package IN LISTS dlcore_${part}_needs)
            string(REPLACE "_" "-" id ${package})
            if(NOT package IN_LIST seen)
                dlcore_sbom_need(${package})
                list(APPEND seen ${package})
            endif()
            dlcore_sbom_relation(dlcore-${part} DEPENDS_ON ${id})
        endforeach()
    endforeach()
    # No underscores in identifiers of SPDX.
    string(REPLACE "SPDXRef-mpi_c" "SPDXRef-mpi-c" dlcore_sbom_packages "${dlcore_sbom_packages}")
    list(JOIN dlcore_sbom_packages ",\n" packages)
    list(JOIN dlcore_sbom_relations ",\n" relations)
    # The same build has the same name; SOURCE_DATE_EPOCH, where it is set, is its time.
    string(UUID uuid NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8 NAME "${packages}${relations}" TYPE SHA1)
    string(TIMESTAMP now "%Y-%m-%dT%H:%M:%SZ" UTC)
    set(text "{
  \"spdxVersion\": \"SPDX-2.3\",
  \"dataLicense\": \"CC0-1.0\",
  \"SPDXID\": \"SPDXRef-DOCUMENT\",
  \"name\": \"dlcore-${PROJECT_VERSION}\",
  \"documentNamespace\": \"https://spdx.org/spdxdocs/dlcore-${PROJECT_VERSION}-${uuid}\",
  \"creationInfo\": {
    \"created\": \"${now}\",
    \"creators\": [\"Tool: CMake-${CMAKE_VERSION}\"]
  },
  \"packages\": [
${packages}
  ],
  \"relationships\": [
${relations}
  ]
}
")
    file(WRITE "${file}" "${text}")
endfunction()
