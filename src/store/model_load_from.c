/* Loading models from a path, from memory and from a caller's function.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/file.h"
#include "store/model_load.h"

static dlcore_status check_loading(const dlcore_load_options_t *options, const void *source,
                                   dlcore_model_t **model)
{
    dlcore_error_record_t *error = options != NULL ? options->error : NULL;

    if (model != NULL)
        *model = NULL;
    if (options != NULL && dlcore_check_options(options, "load", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (model == NULL || source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "load: %s is NULL",
                           model == NULL ? "model" : "what to load from");
    return DLCORE_OK;
}

static dlcore_status load_path(const char *path, const dlcore_load_options_t *options,
                               const struct dlcore_model_loading_training *training,
                               dlcore_model_t **model)
{
    dlcore_error_record_t *error = options != NULL ? options->error : NULL;
    dlcore_status status = check_loading(options, path, model);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, error);
    if (status != DLCORE_OK)
        return status;
    source = dlcore_byte_source_of_input(&input);
    status = dlcore_model_load_source(&source, options, training, model);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_model_load(const char *path, const dlcore_load_options_t *options,
                                dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before,
                             load_path(path, options, &dlcore_model_loading_training, model));
}

static dlcore_status load_memory(const void *bytes, size_t size,
                                 const dlcore_load_options_t *options,
                                 const struct dlcore_model_loading_training *training,
                                 dlcore_model_t **model)
{
    dlcore_status status = check_loading(options, bytes, model);
    dlcore_byte_source_t source;
    dlcore_input_t input;

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, "memory");
    source = dlcore_byte_source_of_input(&input);
    return dlcore_model_load_source(&source, options, training, model);
}

dlcore_status dlcore_model_load_memory(const void *bytes, size_t size,
                                       const dlcore_load_options_t *options, dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, load_memory(bytes, size, options, &dlcore_model_loading_training, model));
}

dlcore_status dlcore_model_load_to_predict(const char *path, const dlcore_load_options_t *options,
                                           dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, load_path(path, options, NULL, model));
}

dlcore_status dlcore_model_load_memory_to_predict(const void *bytes, size_t size,
                                                  const dlcore_load_options_t *options,
                                                  dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, load_memory(bytes, size, options, NULL, model));
}

static dlcore_status load_reader(const dlcore_byte_reader_t *reader,
                                 const dlcore_load_options_t *options, dlcore_model_t **model)
{
    dlcore_status status =
        check_loading(options, reader != NULL && reader->read != NULL ? reader : NULL, model);
    dlcore_byte_reader_t copy; /* `read` may change the caller's */
    dlcore_byte_source_t source;

    if (status != DLCORE_OK)
        return status;
    copy = *reader;
    source = dlcore_byte_source_of_reader(&copy);
    return dlcore_model_load_source(&source, options, &dlcore_model_loading_training, model);
}

dlcore_status dlcore_model_load_from(const dlcore_byte_reader_t *reader,
                                     const dlcore_load_options_t *options, dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, load_reader(reader, options, model));
}
