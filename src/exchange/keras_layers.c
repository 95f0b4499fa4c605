/* Where a layer's numbers lie in a file of Keras.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_layers.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"

/* ---- lists of arrays ---- */

static dlcore_status join_path(const dlcore_keras_file_t *file, const char *group, const char *name,
                               char path[DLCORE_HDF5_PATH_SIZE])
{
    bool is_root = strcmp(group, "/") == 0;

    if (snprintf(path, DLCORE_HDF5_PATH_SIZE, "%s%s%s", is_root ? "" : group, is_root ? "" : "/",
                 name) < DLCORE_HDF5_PATH_SIZE)
        return DLCORE_OK;
    return dlcore_fail(file->error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: the path of an array has more than %d bytes", file->name,
                       DLCORE_HDF5_PATH_SIZE - 1);
}

dlcore_status dlcore_keras_arrays_open(dlcore_keras_file_t *file, const char *group, bool by_name,
                                       dlcore_keras_arrays_t *arrays)
{
    *arrays = (dlcore_keras_arrays_t){.names = NULL};
    snprintf(arrays->group, sizeof arrays->group, "%s", group);
    if (!by_name)
        return dlcore_hdf5_members(&file->hdf5, group, &arrays->count);
    return dlcore_hdf5_names(&file->hdf5, group, "weight_names", &file->allocator, &arrays->names,
                             &arrays->count);
}

void dlcore_keras_arrays_close(const dlcore_keras_file_t *file, dlcore_keras_arrays_t *arrays)
{
    dlcore_release(&file->allocator, arrays->names);
    arrays->names = NULL;
}

dlcore_status dlcore_keras_arrays_path(const dlcore_keras_file_t *file,
                                       const dlcore_keras_arrays_t *arrays, size_t index,
                                       char path[DLCORE_HDF5_PATH_SIZE])
{
    const char *name = arrays->names;
    char number[24];

    if (name == NULL) {
        snprintf(number, sizeof number, "%zu", index);
        return join_path(file, arrays->group, number, path);
    }
    while (index-- > 0)
        name += strlen(name) + 1;
    return join_path(file, arrays->group, name, path);
}

/* ---- layers ---- */

void dlcore_keras_group_name(const dlcore_network_t *network, size_t node,
                             char name[DLCORE_NAME_SIZE])
{
    const dlcore_layer_type_t *type = network->nodes[node].type;
    size_t before = 0;

    for (size_t i = 0; i < node; i++)
        before += network->nodes[i].type == type;
    if (before == 0)
        snprintf(name, DLCORE_NAME_SIZE, "%s", type->base_name);
    else
        snprintf(name, DLCORE_NAME_SIZE, "%s_%zu", type->base_name, before);
}

dlcore_status dlcore_keras_layers_begin(dlcore_keras_layers_t *layers, dlcore_keras_file_t *file,
                                        const dlcore_network_t *network)
{
    dlcore_status status = DLCORE_OK;

    *layers = (dlcore_keras_layers_t){.file = file, .network = network};
    if (file->by_name)
        status = dlcore_hdf5_names(&file->hdf5, file->layers, "layer_names", &file->allocator,
                                   &layers->names, &layers->left);
    layers->next = layers->names;
    if (status == DLCORE_OK && file->by_name && layers->names == NULL)
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT,
                           "%s: has neither a group \"layers\" (Keras 3) nor a list "
                           "\"layer_names\" (Keras 2)",
                           file->name);
    return status;
}

void dlcore_keras_layers_end(dlcore_keras_layers_t *layers)
{
    dlcore_release(&layers->file->allocator, layers->names);
}

/* Of Keras 2, the next layer in the list that has weights; count 0 at the end. */
static dlcore_status next_in_list(dlcore_keras_layers_t *layers, dlcore_keras_arrays_t *arrays)
{
    dlcore_keras_file_t *file = layers->file;
    char group[DLCORE_HDF5_PATH_SIZE];
    dlcore_status status = DLCORE_OK;

    *arrays = (dlcore_keras_arrays_t){.count = 0};
    while (status == DLCORE_OK && layers->left > 0 && arrays->count == 0) {
        status = join_path(file, file->layers, layers->next, group);
        if (status == DLCORE_OK)
            status = dlcore_keras_arrays_open(file, group, true, arrays);
        layers->next += strlen(layers->next) + 1;
        layers->left--;
    }
    return status;
}

static dlcore_status find_arrays(dlcore_keras_layers_t *layers, size_t count,
                                 dlcore_keras_arrays_t *arrays)
{
    dlcore_keras_file_t *file = layers->file;
    char name[DLCORE_NAME_SIZE], group[DLCORE_HDF5_PATH_SIZE];

    if (file->by_name && count == 0) {
        *arrays = (dlcore_keras_arrays_t){.count = 0};
        return DLCORE_OK;
    }
    if (file->by_name)
        return next_in_list(layers, arrays);
    dlcore_keras_group_name(layers->network, layers->node, name);
    snprintf(group, sizeof group, "%s/%s/vars", file->layers, name);
    return dlcore_keras_arrays_open(file, group, false, arrays);
}

dlcore_status dlcore_keras_layers_step(dlcore_keras_layers_t *layers, size_t wanted,
                                       dlcore_keras_arrays_t *arrays)
{
    const dlcore_node_t *node = &layers->network->nodes[layers->node];
    dlcore_status status = find_arrays(layers, wanted, arrays);

    layers->node++;
    if (status == DLCORE_OK && arrays->count != wanted)
        status = dlcore_fail(layers->file->error, DLCORE_ERROR_FORMAT,
                             "%s: layer %zu, %s, needs %zu arrays of numbers, the file has %zu",
                             layers->file->name, layers->node - 1, node->layer.name, wanted,
                             arrays->count);
    if (status != DLCORE_OK)
        dlcore_keras_arrays_close(layers->file, arrays);
    return status;
}

dlcore_status dlcore_keras_layers_check_end(dlcore_keras_layers_t *layers)
{
    dlcore_keras_arrays_t more;
    dlcore_status status = next_in_list(layers, &more);

    if (status == DLCORE_OK && more.count > 0)
        status = dlcore_fail(layers->file->error, DLCORE_ERROR_FORMAT,
                             "%s: has weights of more layers than the model", layers->file->name);
    dlcore_keras_arrays_close(layers->file, &more);
    return status;
}

/* ---- arrays ---- */

/* A vector may have been an array of several axes: samples are flat here. */
static bool has_shape(const dlcore_hdf5_array_t *array, const dlcore_parameter_t *parameter)
{
    if (parameter->rank == 1)
        return array->rank > 0 && array->count == parameter->shape[0];
    return array->rank == 2 && array->shape[0] == parameter->shape[0] &&
           array->shape[1] == parameter->shape[1];
}

dlcore_status dlcore_keras_check_array(dlcore_keras_file_t *file, const char *path,
                                       const char *layer, const dlcore_parameter_t *parameter)
{
    dlcore_hdf5_array_t array;
    dlcore_status status = dlcore_hdf5_look(&file->hdf5, path, &array);
    char shape[64];

    if (status != DLCORE_OK)
        return status;
    if (parameter->rank == 2)
        snprintf(shape, sizeof shape, "(%zu, %zu)", parameter->shape[0], parameter->shape[1]);
    else
        snprintf(shape, sizeof shape, "(%zu)", parameter->shape[0]);
    if (array.numbers != DLCORE_HDF5_FLOAT32)
        return dlcore_fail(file->error, DLCORE_ERROR_DTYPE, "%s: %.60s is %s, not float32",
                           file->name, path, array.shown);
    if (!has_shape(&array, parameter))
        return dlcore_fail(file->error, DLCORE_ERROR_SHAPE, "%s: %.60s is %s, %.40s/%s is %s",
                           file->name, path, array.shown, layer, parameter->name, shape);
    return DLCORE_OK;
}
