/* What only a model that may train gets of its file: compile settings and training state.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "store/model_config.h"
#include "store/model_loading.h"

static dlcore_status compile_as_saved(dlcore_model_loading_t *loading)
{
    const dlcore_allocator_t *allocator = &loading->reading.allocator;
    dlcore_compile_options_t *settings = dlcore_allocate(allocator, 1, sizeof *settings);
    dlcore_config_numbers_t numbers = {.allocator = allocator};
    char *text = NULL;
    dlcore_json_t config = {0};
    dlcore_status status = DLCORE_OK;

    if (settings == NULL)
        return dlcore_fail_memory(loading->error, "compile_config", sizeof *settings);
    if (loading->options.compile)
        status = dlcore_model_loading_json(loading, "compile_config", &text, &config);
    if (status == DLCORE_OK && config.kind != DLCORE_JSON_NONE) {
        status = dlcore_compile_config_read(&config, dlcore_model_loading_file(loading), settings,
                                            &numbers, loading->error);
        if (status == DLCORE_OK)
            status = dlcore_model_loading_functions(loading, settings);
        if (status == DLCORE_OK)
            status = dlcore_model_loading_error(
                loading, dlcore_model_compile_with(loading->model, settings));
        loading->report.compiled = status == DLCORE_OK;
    }
    dlcore_release(allocator, numbers.block);
    dlcore_release(allocator, settings);
    dlcore_release(allocator, text);
    return status;
}

static dlcore_status compile_and_count(dlcore_model_loading_t *loading)
{
    dlcore_status status = dlcore_model_loading_precision(loading);

    if (status == DLCORE_OK)
        status = compile_as_saved(loading);
    if (status == DLCORE_OK && loading->options.training_state && loading->model->compiled)
        status = dlcore_model_loading_counts(loading);
    return status;
}

static void find_state(dlcore_model_loading_t *loading)
{
    dlcore_model_loading_find_state(loading);
    dlcore_model_loading_forget_counts(loading);
    loading->reading.tensors.run = loading->model->stopped;
}

static dlcore_status make_state_room(dlcore_model_loading_t *loading)
{
    dlcore_status status = DLCORE_OK;

    if (loading->has_state && loading->options.training_state)
        status = dlcore_model_loading_make_slots(loading);
    return status == DLCORE_OK ? dlcore_model_loading_make_copies(loading) : status;
}

const dlcore_model_loading_training_t dlcore_model_loading_training = {
    .compile = compile_and_count, .find = find_state, .make_room = make_state_room};
