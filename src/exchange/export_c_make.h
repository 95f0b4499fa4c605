/* An exported file: everything about it but where it goes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_EXPORT_C_MAKE_H
#define DLCORE_EXCHANGE_EXPORT_C_MAKE_H

#include "system/compiler.h"

#include "dlcore/export.h"
#include "exchange/export_c_file.h"

DLCORE_HIDDEN_BEGIN

/* A file that is about to be written. */
typedef struct dlcore_exporting {
    const dlcore_model_t *model;
    dlcore_export_c_options_t options;
    dlcore_allocator_t held;
    dlcore_export_plan_t plan;
    dlcore_export_int8_t int8;     /* made where `numbers` says so */
    dlcore_export_report_t report; /* all but text_bytes */
    float *test;                   /* samples of the self-test, then their outputs */
    dlcore_export_file_t file;
    dlcore_error_record_t *error;
} dlcore_exporting_t;

/* Everything but the writing. `options` NULL: the defaults. Ended by dlcore_exporting_end, whatever
 * it answers. */
dlcore_status dlcore_exporting_begin(dlcore_exporting_t *exporting, const dlcore_model_t *model,
                                     const dlcore_export_c_options_t *options);
/* Hands the text to `write`, the same each time; its bytes in *size (may be NULL). */
dlcore_status dlcore_exporting_write(const dlcore_exporting_t *exporting,
                                     dlcore_export_write_t *write, void *to, size_t *size);
/* Fills in the caller's report, if he wants one, about a text of `size` bytes. */
void dlcore_exporting_report(const dlcore_exporting_t *exporting, size_t size);
void dlcore_exporting_end(dlcore_exporting_t *exporting);

DLCORE_HIDDEN_END

#endif
