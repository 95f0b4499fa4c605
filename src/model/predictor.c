/* Predictors: their life, and asking about one.
 *
 * SPDX-License-Identifier: MIT */
#include "model/predictor_low.h"

#include "base/allocator.h"
#include "base/error.h"
#include "base/traces.h"

dlcore_predictor_options_t dlcore_predictor_options_default(void)
{
    return (dlcore_predictor_options_t){.batch_size = 1,
                                        .structure_size = sizeof(dlcore_predictor_options_t)};
}

/* ---- life ---- */

dlcore_status dlcore_predictor_check(const dlcore_model_t *model, size_t batch_size,
                                     dlcore_error_record_t *error)
{
    if (model == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "predictor: model is NULL");
    if (batch_size == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "predictor: batch_size is 0; begin with predictor_options_default()");
    if (model->network.values == NULL)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "predictor: the model with %zu layers has no weights yet; call "
                           "model_build or model_fit first",
                           model->network.node_count);
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_make(const dlcore_model_t *model,
                                    const dlcore_predictor_options_t *options,
                                    const dlcore_allocator_t *allocator,
                                    dlcore_predictor_t **predictor)
{
    dlcore_predictor_t *p = dlcore_allocate(allocator, 1, sizeof *p);
    dlcore_status status;

    *predictor = NULL;
    if (p == NULL)
        return dlcore_fail_memory(options->error, "predictor", sizeof *p);
    p->model = model;
    p->allocator = *allocator;
    p->version = dlcore_model_version(model);
    p->capacity = options->batch_size;
    p->precision = options->precision;
    p->input_width = dlcore_network_input_width(&model->network);
    p->output_width = dlcore_network_output_width(&model->network);
    p->flush_denormals = model->options.flush_denormals;
    status = dlcore_predictor_settle(p, options->error);
    if (status != DLCORE_OK) {
        dlcore_predictor_free(p);
        return status;
    }
    *predictor = p;
    return DLCORE_OK;
}

static dlcore_status create_predictor(const dlcore_model_t *model,
                                      const dlcore_predictor_options_t *options,
                                      dlcore_predictor_t **predictor)
{
    dlcore_predictor_options_t chosen =
        options != NULL ? *options : dlcore_predictor_options_default();
    dlcore_status status;

    if (predictor == NULL)
        return dlcore_fail(chosen.error, DLCORE_ERROR_ARGUMENT, "predictor: predictor is NULL");
    *predictor = NULL;
    status = dlcore_check_options(&chosen, "predictor", chosen.error);
    if (status == DLCORE_OK)
        status = dlcore_predictor_check(model, chosen.batch_size, chosen.error);
    if (status != DLCORE_OK)
        return status;
    return dlcore_predictor_make(model, &chosen, &model->allocator, predictor);
}

dlcore_status dlcore_predictor_create(const dlcore_model_t *model,
                                      const dlcore_predictor_options_t *options,
                                      dlcore_predictor_t **predictor)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, create_predictor(model, options, predictor));
}

void dlcore_predictor_free(dlcore_predictor_t *predictor)
{
    dlcore_allocator_t allocator;

    if (predictor == NULL)
        return;
    allocator = predictor->allocator;
    dlcore_workspace_clear(&predictor->workspace);
    if (predictor->precision != NULL)
        predictor->precision->release(predictor);
    dlcore_release(&allocator, predictor->list_memory);
    dlcore_release(&allocator, predictor->skips_zeros);
    dlcore_release(&allocator, predictor->values);
    dlcore_release(&allocator, predictor->nodes);
    dlcore_release(&allocator, predictor->unpacked);
    dlcore_release(&allocator, predictor->chain_layers);
    dlcore_release(&allocator, predictor->chain_values);
    dlcore_release(&allocator, predictor);
}

dlcore_status dlcore_predictor_refresh(dlcore_predictor_t *predictor)
{
    dlcore_traces_t before = dlcore_traces_note();

    if (predictor == NULL)
        return DLCORE_ERROR_ARGUMENT;
    predictor->version = dlcore_model_version(predictor->model);
    dlcore_predictor_fill(predictor);
    return dlcore_traces_end(before, DLCORE_OK);
}

/* ---- asking ---- */

const char *dlcore_predictor_error(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->error.message : "predictor is NULL";
}

size_t dlcore_predictor_input_width(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->input_width : 0;
}

size_t dlcore_predictor_output_width(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->output_width : 0;
}

size_t dlcore_predictor_batch_size(const dlcore_predictor_t *predictor)
{
    return predictor != NULL ? predictor->capacity : 0;
}
