/* The version of the archive.
 *
 * SPDX-License-Identifier: MIT */
#include "system/compiler.h"

#include "dlcore/version.h"

const char *dlcore_version_string(void)
{
    return DLCORE_VERSION;
}

int dlcore_version_number(void)
{
    return DLCORE_VERSION_NUMBER;
}
