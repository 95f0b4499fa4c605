/* The weights of a network out of a file of Keras.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_weights.h"

#include <limits.h>

#include "base/allocator.h"
#include "base/error.h"
#include "engine/network_exchange.h"
#include "exchange/keras_constants.h"

/* A layer's arrays in the file: of each parameter, and where Keras keeps a count of samples one
 * more; none where its numbers stand in its config. */
static dlcore_status step_layer(dlcore_keras_layers_t *layers, const dlcore_node_t *node,
                                size_t parameters, bool constant, dlcore_keras_arrays_t *arrays)
{
    size_t wanted = parameters + (node->type->counts_samples ? 1u : 0u);

    return dlcore_keras_layers_step(layers, constant ? 0 : wanted, arrays);
}

static dlcore_status check_layer(dlcore_keras_file_t *file, dlcore_keras_layers_t *layers,
                                 const dlcore_network_t *network, size_t i, size_t width)
{
    const dlcore_node_t *node = &network->nodes[i];
    dlcore_keras_constants_t constants;
    bool constant = dlcore_keras_constants_find(file, network, i, &constants);
    dlcore_parameter_t parameters[DLCORE_LAYER_PARAMETERS_MAX];
    dlcore_keras_arrays_t arrays;
    char path[DLCORE_HDF5_PATH_SIZE];
    size_t count =
        node->type->declare != NULL ? node->type->declare(&node->layer, width, parameters) : 0;
    dlcore_status status = step_layer(layers, node, count, constant, &arrays);

    if (status != DLCORE_OK)
        return status;
    if (constant)
        status = dlcore_keras_constants_check(file, &constants, node, width);
    for (size_t p = 0; p < count && !constant && status == DLCORE_OK; p++) {
        status = dlcore_keras_arrays_path(file, &arrays, p, path);
        if (status == DLCORE_OK)
            status = dlcore_keras_check_array(file, path, node->layer.name, &parameters[p]);
    }
    dlcore_keras_arrays_close(file, &arrays);
    return status;
}

dlcore_status dlcore_keras_weights_check(dlcore_keras_file_t *file, const dlcore_network_t *network,
                                         size_t width)
{
    dlcore_keras_layers_t layers;
    dlcore_status status = dlcore_keras_layers_begin(&layers, file, network);

    if (status == DLCORE_OK && width > INT_MAX)
        status = dlcore_fail(file->error, DLCORE_ERROR_OVERFLOW, "%s: %zu inputs are more than %d",
                             file->name, width, INT_MAX);
    for (size_t i = 0; i < network->node_count && status == DLCORE_OK; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        status = check_layer(file, &layers, network, i, width);
        width = node->type->output_width(&node->layer, width);
    }
    if (status == DLCORE_OK)
        status = dlcore_keras_layers_check_end(&layers);
    dlcore_keras_layers_end(&layers);
    return status;
}

dlcore_status dlcore_keras_parameter_read(dlcore_keras_file_t *file, const char *path,
                                          const dlcore_network_t *network,
                                          const dlcore_parameter_t *parameter, float *values)
{
    size_t count = dlcore_parameter_size(parameter);
    float *rows = dlcore_allocate_raw(&file->allocator, count, sizeof *rows);
    dlcore_status status;

    if (rows == NULL)
        return dlcore_fail_memory(file->error, path, count * sizeof *rows);
    status = dlcore_hdf5_floats(&file->hdf5, path, rows, count);
    if (status == DLCORE_OK)
        dlcore_network_import_rows(network, parameter, 0, parameter->shape[0], rows, values);
    dlcore_release(&file->allocator, rows);
    return status;
}

dlcore_status dlcore_keras_weights_read(dlcore_keras_file_t *file, const dlcore_network_t *network,
                                        float *values)
{
    dlcore_keras_layers_t layers;
    char path[DLCORE_HDF5_PATH_SIZE];
    dlcore_status status = dlcore_keras_layers_begin(&layers, file, network);

    for (size_t i = 0; i < network->node_count && status == DLCORE_OK; i++) {
        const dlcore_node_t *node = &network->nodes[i];
        dlcore_keras_constants_t constants;
        dlcore_keras_arrays_t arrays;
        bool constant = dlcore_keras_constants_find(file, network, i, &constants);

        status = step_layer(&layers, node, node->parameter_count, constant, &arrays);
        if (status != DLCORE_OK)
            break;
        if (constant)
            status = dlcore_keras_constants_read(file, &constants, network, i, values);
        for (size_t p = 0; p < node->parameter_count && !constant && status == DLCORE_OK; p++) {
            status = dlcore_keras_arrays_path(file, &arrays, p, path);
            if (status == DLCORE_OK)
                status =
                    dlcore_keras_parameter_read(file, path, network, &node->parameters[p], values);
        }
        dlcore_keras_arrays_close(file, &arrays);
    }
    dlcore_keras_layers_end(&layers);
    return status;
}
