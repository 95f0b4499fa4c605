/* The temporary file of an output, until it has its place.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FILES_OUTPUT_TEMPORARY_H
#define DLCORE_FILES_OUTPUT_TEMPORARY_H

#include "files/output.h"

/* Makes and locks the temporary file, with what can be kept of the permissions of the `old` one;
 * NULL: there is none. On failure dlcore_output_close is due. */
dlcore_status dlcore_output_make_temporary(dlcore_output_t *output, const dlcore_file_info_t *old,
                                           dlcore_error_record_t *error);
/* Whether the temporary name means this open file. If not, errno is ENOENT, or tells why that
 * cannot be told. */
bool dlcore_output_is_named(const dlcore_output_t *output, dlcore_file_t file);

#endif
