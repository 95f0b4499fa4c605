/* Version of the library, at compile time and at run time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_VERSION_H
#define DLCORE_VERSION_H

#include "api.h"

#define DLCORE_VERSION_MAJOR 0
#define DLCORE_VERSION_MINOR 2
#define DLCORE_VERSION_PATCH 0
#define DLCORE_VERSION "0.2.0"

/* One comparable number: 1.2.3 is 10203. */
#define DLCORE_VERSION_NUMBER \
    (DLCORE_VERSION_MAJOR * 10000 + DLCORE_VERSION_MINOR * 100 + DLCORE_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the archive that was linked, as text ("0.1.0") and as a number. They differ from the
 * macros above when headers and archive are of different versions. Any thread, never fails. */
DLCORE_API const char *dlcore_version_string(void);
DLCORE_API int dlcore_version_number(void);

#ifdef __cplusplus
}
#endif

#endif
