/* Writing SVG: elements with numbers and escaped text, into a file that is there whole or not at
 * all. The first error is kept, and what is written after it is dropped.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_SVG_H
#define DLCORE_REPORT_SVG_H

#include "system/compiler.h"

#include "base/error.h"
#include "files/output.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_svg {
    dlcore_output_t output;
    dlcore_error_record_t *error;
    dlcore_status status;
    char buffer[1024];
    size_t used;
} dlcore_svg_t;

/* `system` NULL: the real one. */
dlcore_status dlcore_svg_open(dlcore_svg_t *svg, const dlcore_system_t *system, const char *path,
                              dlcore_error_record_t *error);
/* Puts the file into its place, or, after an error, removes what there is of it. */
dlcore_status dlcore_svg_close(dlcore_svg_t *svg);

/* Text as it is. */
void dlcore_svg_put(dlcore_svg_t *svg, const char *text);
/* Text with a number for each %, to two decimals. */
void dlcore_svg_draw(dlcore_svg_t *svg, const char *format, const double *numbers);
/* Text in which what means something to XML is escaped, and what XML cannot hold is U+FFFD. */
void dlcore_svg_text(dlcore_svg_t *svg, const char *text);

DLCORE_HIDDEN_END

#endif
