/* Writing error records: the one way in which the library reports a failure.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_ERROR_H
#define DLCORE_BASE_ERROR_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

#if defined(__MINGW32__) && !defined(__clang__)
#    define DLCORE_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#    define DLCORE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#    define DLCORE_PRINTF(text, first)
#endif

/* Fills `error` (NULL: does nothing) and gives `status`, so that a failing function can end in
 * "return dlcore_fail(error, DLCORE_ERROR_SHAPE, "...", ...)". Sizes are printed with %zu.
 *
 * A macro, like the two below, so that compilers and analysers see which status comes back. */
#define dlcore_fail(error, status, ...) (dlcore_error_write(error, status, __VA_ARGS__), (status))
void dlcore_error_write(dlcore_error_record_t *error, dlcore_status status, const char *format, ...)
    DLCORE_PRINTF(3, 4);

/* dlcore_fail for a failed allocation of `bytes` bytes for `what` ("tensor"). */
#define dlcore_fail_memory(error, what, bytes) \
    dlcore_fail(error, DLCORE_ERROR_MEMORY, "%s: no memory for %zu bytes", what, (size_t)(bytes))

/* DLCORE_ERROR_IO, with the system's text for the errno `number` after the message: "cannot open
 * images.idx: No such file or directory". */
#define dlcore_fail_errno(error, number, ...) \
    (dlcore_error_write_errno(error, number, __VA_ARGS__), DLCORE_ERROR_IO)
void dlcore_error_write_errno(dlcore_error_record_t *error, int number, const char *format, ...)
    DLCORE_PRINTF(3, 4);

/* DLCORE_ERROR_ARGUMENT unless low <= value <= high: "adam: rho must lie in 0 .. 1, got 2". `what`
 * begins the message. NaN lies nowhere. */
dlcore_status dlcore_check_range(const char *what, const char *setting, double value, double low,
                                 double high, dlcore_error_record_t *error);
/* Likewise unless low <= value < high, as floats: "must be at least 0 and below 1, got 1". */
dlcore_status dlcore_check_below(const char *what, const char *setting, double value, double low,
                                 double high, dlcore_error_record_t *error);
/* Likewise of a count: "must lie in 1 .. 16, got 17"; high SIZE_MAX: "must be 1 or more, got 0". */
dlcore_status dlcore_check_count(const char *what, const char *setting, size_t value, size_t low,
                                 size_t high, dlcore_error_record_t *error);
/* Likewise of an enumerator, first .. last, with the names of as many as there is room for: "dense:
 * activation 20 is unknown: known are linear, relu, ...". Of -1 and 0 it says how they come about.
 */
typedef const char *dlcore_choice_name_t(int value);
dlcore_status dlcore_check_choice(const char *what, const char *setting, int value, int first,
                                  int last, dlcore_choice_name_t *name,
                                  dlcore_error_record_t *error);

/* DLCORE_ERROR_ARGUMENT unless an options struct says that its ..._default() made it. `call` names
 * it: "fit" for dlcore_fit_options_t; a ready-made callback's struct has no "options" in its name.
 */
#define dlcore_check_options(options, call, error)                                              \
    dlcore_check_structure((options)->structure_size, sizeof *(options), call, call "_options", \
                           error)
#define dlcore_check_callback(callback, call, error) \
    dlcore_check_structure((callback)->structure_size, sizeof *(callback), call, call, error)
dlcore_status dlcore_check_structure(size_t size, size_t expected, const char *call,
                                     const char *structure, dlcore_error_record_t *error);

/* Clears a record: DLCORE_OK and an empty message. NULL does nothing. */
void dlcore_error_clear(dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
