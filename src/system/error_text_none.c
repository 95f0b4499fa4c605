/* Texts of errors where there are no files: what asks for one hears why there is none.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/error_text.h"

#include <errno.h>
#include <stdio.h>

void dlcore_error_text(int number, char *text, size_t size)
{
    if (number == ENOSYS)
        snprintf(text, size, "this dlcore is built without files (DLCORE_FILES)");
    else
        snprintf(text, size, "errno %d", number);
}
