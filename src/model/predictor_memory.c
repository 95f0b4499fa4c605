/* The memory of predictors before it is spent: what predictor_settle.c would ask for.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "dlcore/memory.h"
#include "engine/path.h"
#include "model/measured.h"
#include "model/predictor_low.h"

static size_t measure_copy(dlcore_predictor_t *p)
{
    const dlcore_network_t *network = &p->model->network;
    const dlcore_products_t *products;
    const dlcore_parameter_t *parameter;
    size_t floats = 0;

    p->gemv = dlcore_gemv_best(&products);
    if (products != NULL)
        p->network.products = products;
    for (size_t i = 0; (parameter = dlcore_network_parameter(network, i, NULL)) != NULL; i++)
        floats += dlcore_predictor_panel_floats(p->gemv, parameter);
    return dlcore_asked_for(network->node_count, sizeof *p->nodes) +
           dlcore_asked_for(floats, sizeof *p->values);
}

static dlcore_status measure_network(dlcore_predictor_t *p, size_t *bytes,
                                     dlcore_error_record_t *error)
{
    size_t rows = dlcore_size_min(p->capacity, DLCORE_GEMV_ROWS), workspace = 0;
    dlcore_status status = DLCORE_OK;

    p->network = p->model->network;
    if (p->precision != NULL) {
        status = p->precision->measure(p, bytes, error);
    } else {
        p->gemv = dlcore_gemv_of(p->network.products);
        if (p->gemv == NULL && p->chain_rows == 0) /* a chain has made room for a kernel */
            *bytes += dlcore_asked_for(dlcore_predictor_largest(&p->network), sizeof *p->unpacked);
        if (p->gemv == NULL)
            *bytes += measure_copy(p);
        *bytes += dlcore_asked_for(p->network.node_count, sizeof *p->skips_zeros) +
                  dlcore_asked_for(rows, dlcore_predictor_list_room(&p->network) *
                                             (sizeof(uint32_t) + sizeof(float)));
    }
    if (status != DLCORE_OK)
        return status;
    p->network.allocator = dlcore_refusing_allocator(&workspace);
    status = dlcore_workspace_create_to_predict(&p->network, DLCORE_BATCH_ROWS, p->capacity, 1,
                                                &p->workspace, error);
    *bytes += workspace;
    return status == DLCORE_ERROR_MEMORY ? DLCORE_OK : status;
}

static dlcore_status measure_predictor_parts(dlcore_predictor_t *p, size_t *bytes,
                                             dlcore_error_record_t *error)
{
    const dlcore_network_t *network = &p->model->network;
    size_t of_network = 0;
    dlcore_status status = DLCORE_OK;

    *bytes = dlcore_asked_for(1, sizeof *p);
    p->chain_rows = dlcore_path_chain_rows(network, p->capacity, p->precision != NULL);
    if (p->chain_rows > 0)
        *bytes += dlcore_asked_for(network->node_count, sizeof *p->chain_layers) +
                  dlcore_asked_for(dlcore_path_chain_floats(network), sizeof *p->chain_values) +
                  dlcore_asked_for(dlcore_predictor_largest(network), sizeof *p->unpacked);
    if (p->capacity > p->chain_rows)
        status = measure_network(p, &of_network, error);
    *bytes += of_network;
    return status;
}

static dlcore_status measure_predictor(const dlcore_model_t *model,
                                       const dlcore_predictor_options_t *options, size_t *bytes)
{
    dlcore_predictor_options_t chosen =
        options != NULL ? *options : dlcore_predictor_options_default();
    dlcore_predictor_t p = {
        .model = model, .capacity = chosen.batch_size, .precision = chosen.precision};
    size_t found = 0;
    dlcore_status status;

    if (bytes == NULL)
        return dlcore_fail(chosen.error, DLCORE_ERROR_ARGUMENT, "predictor_memory: bytes is NULL");
    status = dlcore_check_options(&chosen, "predictor", chosen.error);
    if (status == DLCORE_OK)
        status = dlcore_predictor_check(model, chosen.batch_size, chosen.error);
    if (status == DLCORE_OK)
        status = measure_predictor_parts(&p, &found, chosen.error);
    if (status != DLCORE_OK)
        return status;
    dlcore_error_clear(chosen.error); /* of memory that was not there */
    *bytes = found;
    return DLCORE_OK;
}

dlcore_status dlcore_predictor_memory(const dlcore_model_t *model,
                                      const dlcore_predictor_options_t *options, size_t *bytes)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, measure_predictor(model, options, bytes));
}
