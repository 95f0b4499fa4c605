/* DLCORE_API marks each public function and sets its visibility. In a static build only the program
 * or plugin that links dlcore sees them; the shared library exports them. So a plugin exports
 * nothing of its copy, and two plugins in one process each use their own.
 *
 * A host that wants to hand them on from a plugin of its own defines DLCORE_API for all that it
 * compiles, the library's sources included: as __attribute__((visibility("default"))).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_API_H
#define DLCORE_API_H

/* DLCORE_SHARED: the shared library is built or used. DLCORE_BUILDING: by the library's sources. */
#if !defined(DLCORE_API)
#    if defined(DLCORE_SHARED) && defined(_WIN32) && defined(DLCORE_BUILDING)
#        define DLCORE_API __declspec(dllexport)
#    elif defined(DLCORE_SHARED) && defined(_WIN32)
#        define DLCORE_API __declspec(dllimport)
#    elif defined(DLCORE_SHARED) && defined(__GNUC__)
#        define DLCORE_API __attribute__((visibility("default")))
#    elif defined(DLCORE_BUILDING) && defined(__GNUC__) && !defined(_WIN32)
#        define DLCORE_API __attribute__((visibility("hidden")))
#    else
#        define DLCORE_API
#    endif
#endif

#endif
