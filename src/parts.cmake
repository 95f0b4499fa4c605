# Parts: archives of their own beside the core's, because they need packages that the core does not.
#
# SPDX-License-Identifier: MIT

# dlcore_add_part(<name> [ALONE] NEEDS <package>... [PARTS <part>...] SOURCES <source>...)
#
# The target dlcore_<name>, alias dlcore::<name>, with the header dlcore/<name>.h; the option
# DLCORE_<NAME> (AUTO, ON, OFF); and, installed, the component <name> of the package config and
# dlcore-<name>.pc. Packages are those of packages.cmake, and are linked privately. PARTS are those
# whose functions this one calls.
#
# In the shared library the parts' sources are the library's own, because they call functions that
# it does not export; the targets then have no sources, and stand for the library. A part that is ALONE
# calls no such function, and has an archive in any case.
#
# For tests, which look inside: dlcore_<name>_archive. When it is built, adds <name> to dlcore_parts and sets
# dlcore_<name>_needs; adds a word on it to dlcore_parts_text.
function(dlcore_add_part name)
    cmake_parse_arguments(PART "ALONE" "" "NEEDS;PARTS;SOURCES" ${ARGN})
    set(into_library OFF)
    if(DLCORE_SHARED_LIBRARY AND NOT PART_ALONE)
        set(into_library ON)
    endif()
    string(TOUPPER "DLCORE_${name}" option)

    set(missing "")
    foreach(package IN LISTS PART_NEEDS)
        cmake_language(CALL dlcore_find_${package})
        if(NOT TARGET dlcore::${package})
            list(APPEND missing ${dlcore_${package}_debian})
        endif()
    endforeach()
    foreach(part IN LISTS PART_PARTS)
        if(NOT part IN_LIST dlcore_parts)
            list(APPEND missing "(and the part ${part})")
        endif()
    endforeach()
    list(JOIN missing " " missing)

    set(text "${dlcore_parts_text}, ${name}")
    if(NOT ${option} STREQUAL "AUTO" AND NOT ${option})
        set(dlcore_parts_text "${text} OFF" PARENT_SCOPE)
        return()
    elseif(missing AND NOT ${option} STREQUAL "AUTO")
        message(FATAL_ERROR
            "${option} is ON, but not all that it needs was found.\n"
            "On Debian and Ubuntu: apt-get install ${missing}\n"
            "Or build without the part ${name}: cmake -D${option}=OFF")
    elseif(missing)
        set(dlcore_parts_text "${text} OFF (needs ${missing})" PARENT_SCOPE)
        return()
    endif()
    set(dlcore_parts_text "${text} ON" PARENT_SCOPE)
    set(dlcore_parts ${dlcore_parts} ${name} PARENT_SCOPE)
    set(dlcore_${name}_needs ${PART_NEEDS} PARENT_SCOPE)

    set(packages ${PART_NEEDS})
    list(TRANSFORM packages PREPEND dlcore::)
    set(parts ${PART_PARTS})
    list(TRANSFORM parts PREPEND dlcore_)
    if(into_library)
        target_sources(dlcore PRIVATE ${PART_SOURCES})
        target_link_libraries(dlcore PRIVATE ${packages})
        add_library(dlcore_${name} INTERFACE)
        target_link_libraries(dlcore_${name} INTERFACE dlcore ${parts})
    else()
        add_library(dlcore_${name} STATIC ${PART_SOURCES})
        dlcore_compile_as_ours(dlcore_${name})
        target_link_libraries(dlcore_${name} PUBLIC dlcore ${parts} PRIVATE ${packages})
    endif()
    set_target_properties(dlcore_${name} PROPERTIES EXPORT_NAME ${name})
    add_library(dlcore::${name} ALIAS dlcore_${name})

    if(DLCORE_BUILD_TESTS AND into_library)
        add_library(dlcore_${name}_archive INTERFACE)
        target_link_libraries(dlcore_${name}_archive INTERFACE dlcore_archive)
    elseif(DLCORE_BUILD_TESTS)
        add_library(dlcore_${name}_archive ALIAS dlcore_${name})
    endif()
    if(DLCORE_INSTALL)
        dlcore_install_part(${name} "${PART_NEEDS}" "${PART_PARTS}" ${into_library})
    endif()
endfunction()

# dlcore_pc_flags(<variable> <library>...): how a pkg-config file names them; those outside the
# linker's own folders with theirs.
function(dlcore_pc_flags variable)
    set(flags "")
    foreach(library IN LISTS ARGN)
        if(IS_ABSOLUTE "${library}")
            get_filename_component(directory "${library}" DIRECTORY)
            get_filename_component(name "${library}" NAME)
            if(NOT directory IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
                list(APPEND flags "-L${directory}")
            endif()
            string(REGEX REPLACE "^lib|[.](so|a|dylib|tbd).*$" "" name "${name}")
            list(APPEND flags "-l${name}")
        else()
            list(APPEND flags "${library}")
        endif()
    endforeach()
    set(${variable} "${flags}" PARENT_SCOPE)
endfunction()

# Each part has a file of targets of its own, which only programs that ask for the part read: only
# they need its packages.
function(dlcore_install_part name needs parts into_library)
    set(dlcore_part ${name})
    set(dlcore_part_needs ${needs})
    set(dlcore_part_parts ${parts})
    configure_file(dlcore-part.cmake.in dlcore-${name}.cmake @ONLY)

    set(libraries "")
    set(requires dlcore)
    foreach(part IN LISTS parts)
        string(PREPEND requires "dlcore-${part} ")
    endforeach()
    if(NOT into_library)
        foreach(package IN LISTS needs)
            get_target_property(location dlcore::${package} IMPORTED_LOCATION)
            get_target_property(more dlcore::${package} INTERFACE_LINK_LIBRARIES)
            list(APPEND libraries ${location})
            if(more)
                list(APPEND libraries ${more})
            endif()
        endforeach()
        dlcore_pc_flags(libraries ${libraries})
        list(PREPEND libraries -ldlcore_${name})
    endif()
    list(JOIN libraries " " dlcore_part_libs)
    set(dlcore_part_requires ${requires})
    dlcore_pc_places()
    configure_file(dlcore-part.pc.in dlcore-${name}.pc @ONLY)

    install(TARGETS dlcore_${name} EXPORT dlcore-${name}-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT dlcore-${name}-targets NAMESPACE dlcore::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dlcore)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dlcore-${name}.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/dlcore)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dlcore-${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# Folders of the installation, relative to that of the pkg-config files.
macro(dlcore_pc_places)
    set(dlcore_pc_dir "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig")
    file(RELATIVE_PATH dlcore_pc_prefix "${dlcore_pc_dir}" "${CMAKE_INSTALL_PREFIX}")
    file(RELATIVE_PATH dlcore_pc_libdir "${dlcore_pc_dir}" "${CMAKE_INSTALL_FULL_LIBDIR}")
    file(RELATIVE_PATH dlcore_pc_includedir "${dlcore_pc_dir}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
endmacro()
