/* Status texts and error records.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "system/error_text.h"

const char *dlcore_status_string(dlcore_status status)
{
    switch (status) {
#define DLCORE_STATUS_CASE(name, value, message) \
    case DLCORE_##name:                          \
        return message;
        DLCORE_STATUS_LIST(DLCORE_STATUS_CASE)
#undef DLCORE_STATUS_CASE
    }
    return "unknown status";
}

const char *dlcore_status_name(dlcore_status status)
{
    switch (status) {
#define DLCORE_STATUS_CASE(name, value, message) \
    case DLCORE_##name:                          \
        return "DLCORE_" #name;
        DLCORE_STATUS_LIST(DLCORE_STATUS_CASE)
#undef DLCORE_STATUS_CASE
    }
    return "unknown status";
}

/* What names from files may hold, and a terminal would obey. */
static void clean_message(char *message)
{
    for (; *message != '\0'; message++) {
        if ((unsigned char)*message < ' ' || *message == 0x7F)
            *message = '?';
    }
}

void dlcore_error_write(dlcore_error_record_t *error, dlcore_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;

        error->status = status;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        clean_message(error->message);
    }
}

void dlcore_error_write_errno(dlcore_error_record_t *error, int number, const char *format, ...)
{
    char reason[80];

    if (error != NULL) {
        va_list arguments;
        int used;

        dlcore_error_text(number, reason, sizeof reason);
        error->status = DLCORE_ERROR_IO;
        va_start(arguments, format);
        used = vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
        if (used >= 0 && (size_t)used < sizeof error->message)
            snprintf(error->message + used, sizeof error->message - (size_t)used, ": %s", reason);
        clean_message(error->message);
    }
}

void dlcore_error_clear(dlcore_error_record_t *error)
{
    if (error != NULL) {
        error->status = DLCORE_OK;
        error->message[0] = '\0';
    }
}

dlcore_status dlcore_check_range(const char *what, const char *setting, double value, double low,
                                 double high, dlcore_error_record_t *error)
{
    if (value >= low && value <= high)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s must lie in %g .. %g, got %.9g", what,
                       setting, low, high, value);
}

dlcore_status dlcore_check_below(const char *what, const char *setting, double value, double low,
                                 double high, dlcore_error_record_t *error)
{
    if (value >= low && value < high && (float)value < (float)high)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: %s must be at least %g and below %g, got %.9g", what, setting, low,
                       high, value);
}

dlcore_status dlcore_check_count(const char *what, const char *setting, size_t value, size_t low,
                                 size_t high, dlcore_error_record_t *error)
{
    if (value >= low && value <= high)
        return DLCORE_OK;
    if (high == SIZE_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s must be %zu or more, got %zu",
                           what, setting, low, value);
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s must lie in %zu .. %zu, got %zu", what,
                       setting, low, high, value);
}

/* The names of first .. last behind a message, as many as fit. */
static void add_choices(dlcore_error_record_t *error, int first, int last,
                        dlcore_choice_name_t *name)
{
    static const char rest[] = ", ...";
    size_t used = strlen(error->message);

    for (int i = first; i <= last; i++) {
        size_t room = sizeof error->message - used;
        size_t need = strlen(name(i)) + 2 + (i < last ? sizeof rest : 1);

        if (need > room) {
            snprintf(error->message + used, room, "%s", rest);
            return;
        }
        used +=
            (size_t)snprintf(error->message + used, room, "%s%s", i > first ? ", " : "", name(i));
    }
}

dlcore_status dlcore_check_choice(const char *what, const char *setting, int value, int first,
                                  int last, dlcore_choice_name_t *name,
                                  dlcore_error_record_t *error)
{
    const char *reason = "";

    if (value >= first && value <= last)
        return DLCORE_OK;
    if (error == NULL)
        return DLCORE_ERROR_ARGUMENT;
    if (value == -1)
        reason = " (a name that was not found?)";
    else if (value == 0)
        reason = " (not set, or a name that was not found?)";
    dlcore_error_write(error, DLCORE_ERROR_ARGUMENT, "%s: %s %d is unknown%s: known are ", what,
                       setting, value, reason);
    add_choices(error, first, last, name);
    return DLCORE_ERROR_ARGUMENT;
}

dlcore_status dlcore_check_structure(size_t size, size_t expected, const char *call,
                                     const char *structure, dlcore_error_record_t *error)
{
    if (size == expected)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "%s: options were not initialized: begin with %s_default() (structure_size "
                       "%zu, not %zu)",
                       call, structure, size, expected);
}
