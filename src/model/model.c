/* The life of a model, and its layers.
 *
 * SPDX-License-Identifier: MIT */
#include "model/metric_lists.h"
#include "model/rank_calls.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "engine/path.h"
#include "model/place.h"
#include "system/threads.h"

dlcore_model_options_t dlcore_model_options_default(void)
{
    return (dlcore_model_options_t){.allocator = dlcore_allocator_default(),
                                    .seed = DLCORE_SEED_DEFAULT,
                                    .flush_denormals = true,
                                    .structure_size = sizeof(dlcore_model_options_t)};
}

const char *dlcore_precision_name(const dlcore_model_precision_t *precision)
{
    return precision == NULL ? "float32" : precision->name;
}

static dlcore_status check_model_options(const dlcore_model_options_t *options)
{
    dlcore_status status = dlcore_check_options(options, "model", options->error);

    if (status != DLCORE_OK)
        return status;
    status = dlcore_check_allocator(&options->allocator, options->error);
    if (status != DLCORE_OK)
        return status;
    if (options->threads > DLCORE_THREADS_MAX)
        return dlcore_fail(options->error, DLCORE_ERROR_ARGUMENT,
                           "model: threads must lie in 0 .. %d, got %zu", DLCORE_THREADS_MAX,
                           options->threads);
    if (!DLCORE_HAS_THREADS && options->threads > 1)
        return dlcore_fail(options->error, DLCORE_ERROR_UNSUPPORTED,
                           "model: threads is %zu, and this dlcore is built without threads "
                           "(DLCORE_THREADS)",
                           options->threads);
    if (options->blas_threads && options->engine != DLCORE_ENGINE_BLAS)
        return dlcore_fail(options->error, DLCORE_ERROR_ARGUMENT,
                           "model: blas_threads is for DLCORE_ENGINE_BLAS, got engine %d",
                           (int)options->engine);
    return DLCORE_OK;
}

static const char *engine_name(int value)
{
    return value == DLCORE_ENGINE_AUTO ? "auto" : value == DLCORE_ENGINE_BLAS ? "blas" : "native";
}

static dlcore_status check_engine(const dlcore_model_options_t *options)
{
    dlcore_status status = dlcore_check_choice("model", "engine", (int)options->engine, 0,
                                               DLCORE_ENGINE_NATIVE, engine_name, options->error);

    if (status == DLCORE_OK && dlcore_path_products(options->engine, false) == NULL)
        return dlcore_fail(options->error, DLCORE_ERROR_UNSUPPORTED,
                           "model: the native engine needs a CPU with AVX-512, AVX2 and FMA, or "
                           "NEON, and a build that knows them");
    return status;
}

void dlcore_model_set_precision(dlcore_model_t *model, const dlcore_model_precision_t *precision)
{
    dlcore_network_t *network = &model->network;

    model->options.precision = precision;
    network->products = dlcore_path_products(model->options.engine, precision != NULL);
    network->half = precision != NULL ? precision->half(network->products, 0) : NULL;
}

static dlcore_status make_model(const dlcore_model_options_t *options, dlcore_model_t **model)
{
    dlcore_model_options_t chosen = dlcore_model_options_default();
    dlcore_model_t *made;
    dlcore_status status;

    if (model == NULL)
        return DLCORE_ERROR_ARGUMENT;
    *model = NULL;
    if (options != NULL)
        chosen = *options;
    status = check_model_options(&chosen);
    if (status == DLCORE_OK)
        status = check_engine(&chosen);
    if (status != DLCORE_OK)
        return status;
    made = dlcore_allocate(&chosen.allocator, 1, sizeof *made);
    if (made == NULL)
        return dlcore_fail_memory(chosen.error, "model", sizeof *made);
    made->allocator = chosen.allocator;
    made->options = chosen;
    made->options.error = NULL; /* create's alone */
    made->network.allocator = chosen.allocator;
    made->trainer.clock = dlcore_optimizer_clock_start();
    made->network.kernels = dlcore_kernels();
    made->network.place = dlcore_model_place;
    made->network.owner = made;
    atomic_flag_clear(&made->team_busy);
    atomic_init(&made->version, 0);
    atomic_init(&made->stop_requested, false);
    dlcore_model_set_precision(made, chosen.precision);
    *model = made;
    return DLCORE_OK;
}

dlcore_status dlcore_model_create(const dlcore_model_options_t *options, dlcore_model_t **model)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, make_model(options, model));
}

void dlcore_model_free(dlcore_model_t *model)
{
    dlcore_allocator_t allocator;

    if (model == NULL)
        return;
    allocator = model->allocator;
    dlcore_model_drop_calls(model);
    dlcore_team_free(model->team);
    dlcore_model_drop_run(model);
    dlcore_trainer_clear(model);
    if (model->ranks != NULL)
        model->ranks->code->free(model->ranks);
    dlcore_network_clear(&model->network);
    dlcore_notes_clear(&model->notes, &allocator);
    dlcore_release(&allocator, model->metric_lists);
    dlcore_release(&allocator, model);
}

dlcore_status dlcore_model_add_layer(dlcore_model_t *model, const dlcore_layer_t *layer)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    if (model->first_error.status != DLCORE_OK) {
        model->error = model->first_error;
        return dlcore_model_end(model, model->first_error.status);
    }
    if (model->network.values != NULL)
        status = dlcore_fail(&model->error, DLCORE_ERROR_STATE,
                             "model: is built with %zu layers; add before build",
                             model->network.node_count);
    else
        status = dlcore_network_add(&model->network, layer, &model->error);
    if (status != DLCORE_OK && status != DLCORE_ERROR_STATE) /* a built model stays usable */
        model->first_error = model->error;
    return dlcore_model_end(model, status);
}

dlcore_status dlcore_model_add(dlcore_model_t *model, dlcore_layer_t layer)
{
    return dlcore_model_add_layer(model, &layer);
}

static dlcore_status build_network(dlcore_model_t *model, size_t input_width)
{
    size_t width = dlcore_network_input_width(&model->network);

    if (model->first_error.status != DLCORE_OK) {
        model->error = model->first_error;
        return model->first_error.status;
    }
    if (width == 0)
        return dlcore_model_build_network(model, input_width);
    if (input_width != 0 && input_width != width)
        return dlcore_fail(&model->error, DLCORE_ERROR_SHAPE,
                           "model: is built for %zu inputs, got %zu", width, input_width);
    return DLCORE_OK;
}

dlcore_status dlcore_model_build(dlcore_model_t *model, size_t input_width)
{
    dlcore_status status = dlcore_model_begin(model);

    if (status != DLCORE_OK)
        return status;
    return dlcore_model_end(model, build_network(model, input_width));
}

/* The clone's layers, settings, notes and weights; on failure the caller frees it. */
static dlcore_status copy_into(const dlcore_model_t *model, dlcore_model_t *clone)
{
    const dlcore_network_t *network = &model->network;
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < network->node_count && status == DLCORE_OK; i++) {
        dlcore_layer_t layer = network->nodes[i].layer;
        layer.input_width = network->nodes[i].declared_width;
        status = dlcore_model_add_layer(clone, &layer);
    }
    clone->first_error = model->first_error;
    clone->compiled = model->compiled;
    clone->settings = model->settings;
    if (status == DLCORE_OK)
        status = dlcore_metric_lists_make(&model->settings, &clone->allocator, &clone->metric_lists,
                                          &clone->error);
    dlcore_metric_lists_point(&clone->settings, clone->metric_lists);
    if (status == DLCORE_OK)
        status = dlcore_notes_copy(&clone->notes, &model->notes, &clone->allocator, &clone->error);
    if (status != DLCORE_OK || network->values == NULL)
        return status;
    clone->network.place = NULL; /* a team for it would cost more than its copy */
    status = dlcore_network_build_unset(&clone->network, dlcore_network_input_width(network),
                                        &clone->error);
    if (status == DLCORE_OK)
        memcpy(clone->network.values, network->values,
               network->value_floats * sizeof *network->values);
    return status;
}

static dlcore_status make_clone(const dlcore_model_t *model, dlcore_model_t **clone)
{
    dlcore_status status;

    if (clone == NULL)
        return DLCORE_ERROR_ARGUMENT;
    *clone = NULL;
    if (model == NULL)
        return DLCORE_ERROR_ARGUMENT;
    status = dlcore_model_create(&model->options, clone);
    if (status == DLCORE_OK)
        status = copy_into(model, *clone);
    if (status != DLCORE_OK) {
        dlcore_model_free(*clone);
        *clone = NULL;
    }
    return status;
}

dlcore_status dlcore_model_clone(const dlcore_model_t *model, dlcore_model_t **clone)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, make_clone(model, clone));
}

void dlcore_model_request_stop(dlcore_model_t *model)
{
    if (model != NULL)
        atomic_store(&model->stop_requested, true);
}

size_t dlcore_model_layer_count(const dlcore_model_t *model)
{
    return model != NULL ? model->network.node_count : 0;
}

const dlcore_layer_t *dlcore_model_layer(const dlcore_model_t *model, size_t index)
{
    if (model == NULL || index >= model->network.node_count)
        return NULL;
    return &model->network.nodes[index].layer;
}

size_t dlcore_model_input_width(const dlcore_model_t *model)
{
    return model != NULL ? dlcore_network_input_width(&model->network) : 0;
}

size_t dlcore_model_output_width(const dlcore_model_t *model)
{
    return model != NULL ? dlcore_network_output_width(&model->network) : 0;
}

const char *dlcore_model_engine(const dlcore_model_t *model)
{
    return model != NULL ? model->network.products->name() : NULL;
}

size_t dlcore_model_parameter_count(const dlcore_model_t *model)
{
    return model != NULL ? model->network.parameter_count : 0;
}
