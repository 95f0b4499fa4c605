/* Saving weights alone, in the style of another program where it is asked for.
 *
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/traces.h"
#include "dlcore/weights.h"
#include "store/model_save.h"

dlcore_save_weights_options_t dlcore_save_weights_options_default(void)
{
    return (dlcore_save_weights_options_t){.sync = true,
                                           .structure_size = sizeof(dlcore_save_weights_options_t)};
}

static dlcore_status save_weights(const dlcore_model_t *model, const char *path,
                                  const dlcore_save_options_t *options)
{
    return dlcore_model_save_with(NULL, model, path,
                                  (dlcore_model_saving_how_t){.options = options});
}

dlcore_status dlcore_model_save_weights(const dlcore_model_t *model, const char *path,
                                        const dlcore_save_options_t *options)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, save_weights(model, path, options));
}

/* What saving needs to know besides the style. */
static dlcore_status options_of_style(const dlcore_save_weights_options_t *style,
                                      dlcore_save_options_t *options)
{
    dlcore_error_record_t *error = style->error;
    dlcore_status status = dlcore_check_options(style, "save_weights", error);

    *options = dlcore_save_options_default();
    options->error = error;
    options->sync = style->sync;
    return status;
}

static dlcore_status save_in_style(const dlcore_model_t *model, const char *path,
                                   const dlcore_save_weights_options_t *style)
{
    dlcore_save_options_t options;
    dlcore_status status = options_of_style(style, &options);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_save_with(NULL, model, path,
                                  (dlcore_model_saving_how_t){.options = &options, .style = style});
}

dlcore_status dlcore_model_save_weights_with(const dlcore_model_t *model, const char *path,
                                             const dlcore_save_weights_options_t *options)
{
    dlcore_save_weights_options_t defaults = dlcore_save_weights_options_default();
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before,
                             save_in_style(model, path, options != NULL ? options : &defaults));
}

static dlcore_status save_in_style_to_memory(const dlcore_model_t *model,
                                             const dlcore_save_weights_options_t *style,
                                             void **bytes, size_t *size)
{
    dlcore_save_options_t options;
    dlcore_status status = options_of_style(style, &options);

    if (status != DLCORE_OK) {
        if (bytes != NULL)
            *bytes = NULL;
        return status;
    }
    return dlcore_model_save_to_memory(
        model, (dlcore_model_saving_how_t){.options = &options, .style = style}, bytes, size);
}

dlcore_status dlcore_model_save_weights_memory_with(const dlcore_model_t *model,
                                                    const dlcore_save_weights_options_t *options,
                                                    void **bytes, size_t *size)
{
    dlcore_save_weights_options_t defaults = dlcore_save_weights_options_default();
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(
        before, save_in_style_to_memory(model, options != NULL ? options : &defaults, bytes, size));
}
