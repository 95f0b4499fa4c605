/* A model file's metadata while it is loaded: the versions, and JSON that stands within strings.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "store/model_loading.h"

/* A short text of the metadata, "" when it is absent. */
static dlcore_status short_text(const dlcore_model_loading_t *loading, const char *name, char *text,
                                size_t room)
{
    dlcore_json_t value;

    text[0] = '\0';
    if (!dlcore_json_member(&loading->reading.file.metadata, name, &value))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s is there twice",
                           dlcore_model_loading_file(loading), name);
    if (dlcore_json_string(&value, text, room) >= room)
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s is too long",
                           dlcore_model_loading_file(loading), name);
    return DLCORE_OK;
}

/* A string of the metadata; kind DLCORE_JSON_NONE when it is absent. */
static dlcore_status find_text(const dlcore_model_loading_t *loading, const char *name,
                               dlcore_json_t *string)
{
    if (!dlcore_json_member(&loading->reading.file.metadata, name, string))
        return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s is there twice",
                           dlcore_model_loading_file(loading), name);
    return DLCORE_OK;
}

static dlcore_status check_inner(const dlcore_model_loading_t *loading, const char *name,
                                 const char *text, size_t length, dlcore_json_t *value)
{
    dlcore_json_problem_t problem;

    if (dlcore_json_check(text, length, value, &problem))
        return DLCORE_OK;
    return dlcore_fail(loading->error, DLCORE_ERROR_FORMAT, "%s: %s: byte %zu: %s",
                       dlcore_model_loading_file(loading), name, problem.at, problem.what);
}

dlcore_status dlcore_model_loading_json(const dlcore_model_loading_t *loading, const char *name,
                                        char **text, dlcore_json_t *value)
{
    dlcore_json_t string;
    size_t length;
    dlcore_status status = find_text(loading, name, &string);

    *text = NULL;
    *value = (dlcore_json_t){0};
    if (status != DLCORE_OK || string.kind != DLCORE_JSON_STRING)
        return status;
    length = dlcore_json_string(&string, NULL, 0);
    *text = dlcore_allocate_raw(&loading->reading.allocator, length + 1, 1);
    if (*text == NULL)
        return dlcore_fail_memory(loading->error, name, length + 1);
    (void)dlcore_json_string(&string, *text, length + 1);
    return check_inner(loading, name, *text, length, value);
}

dlcore_status dlcore_model_loading_last_json(dlcore_model_loading_t *loading, const char *name,
                                             dlcore_json_t *value)
{
    dlcore_model_reading_t *reading = &loading->reading;
    dlcore_json_t string;
    size_t length;
    char *text;
    dlcore_status status = find_text(loading, name, &string);

    *value = (dlcore_json_t){0};
    if (status != DLCORE_OK || string.kind != DLCORE_JSON_STRING)
        return status;
    text = reading->text + (string.begin - reading->text); /* the quote gives way */
    length = dlcore_json_string(&string, NULL, 0);
    (void)dlcore_json_string(&string, text, length + 1);
    reading->file.metadata = (dlcore_json_t){0};
    return check_inner(loading, name, text, length, value);
}

dlcore_status dlcore_model_loading_precision(dlcore_model_loading_t *loading)
{
    char name[16];
    dlcore_status status = short_text(loading, "dlcore.precision", name, sizeof name);

    if (status == DLCORE_OK && name[0] != '\0' &&
        strcmp(name, dlcore_precision_name(dlcore_model_bfloat16())) != 0)
        return dlcore_fail(loading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: precision \"%s\" is not known here",
                           dlcore_model_loading_file(loading), name);
    if (status != DLCORE_OK || name[0] == '\0')
        return status;
    loading->precision = dlcore_model_bfloat16();
    if (loading->options.precision)
        dlcore_model_set_precision(loading->model, loading->precision);
    return DLCORE_OK;
}

dlcore_status dlcore_model_loading_version(dlcore_model_loading_t *loading)
{
    char version[16];
    dlcore_status status = short_text(loading, "dlcore.format_version", version, sizeof version);

    if (status == DLCORE_OK && version[0] != '\0' && strcmp(version, "1") != 0)
        return dlcore_fail(loading->error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: format version \"%s\", this dlcore reads 1",
                           dlcore_model_loading_file(loading), version);
    if (status == DLCORE_OK)
        status = short_text(loading, "dlcore.version", loading->report.library_version,
                            sizeof loading->report.library_version);
    if (status == DLCORE_OK)
        status =
            short_text(loading, "dlcore.checksum", loading->checksum, sizeof loading->checksum);
    return status;
}
