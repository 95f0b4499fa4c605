/* Memory that is asked for before it is spent.
 *
 *     model_memory_t memory;
 *     if (model_memory(network, 784, 128, &memory, &error) == DLCORE_OK)
 *         printf("%zu bytes to train\n", memory.weights + memory.optimizer + memory.training);
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MEMORY_H
#define DLCORE_MEMORY_H

#include <stddef.h>

#include "api.h"
#include "file.h"
#include "model.h"
#include "predictor.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes, as the model's allocator is asked for them. */
typedef struct dlcore_model_memory_sizes {
    size_t parameters; /* numbers in all weights, statistics included */
    size_t layers;     /* descriptors of layers: there from model_add on */
    size_t weights;    /* from build on */
    /* Of a compiled model, else 0: the optimizer's state, with averages and sums of gradients, from
     * the first training call on; and gradients and the buffers of a batch, on one thread, which
     * stay as long as the model does. */
    size_t optimizer;
    size_t training;
    size_t each_thread; /* more buffers for each thread but the first */
} dlcore_model_memory_t;

/* What a model takes, or will take: for samples of input_width numbers (0: as its first layer says,
 * or as it is built) in batches of batch_size, dense and without weights of samples. Nothing is
 * allocated but, of a model that is not built, a copy of its descriptors. fit also allocates the
 * order of the samples (a size_t each), and copies of weights where callbacks keep them. Not for a
 * model with a collective, which works in slices: DLCORE_ERROR_UNSUPPORTED. */
DLCORE_API dlcore_status dlcore_model_memory(const dlcore_model_t *model, size_t input_width,
                                             size_t batch_size, dlcore_model_memory_t *memory,
                                             dlcore_error_record_t *error);

/* The bytes that dlcore_predictor_create with these options (NULL: the defaults) would ask the
 * model's allocator for. Nothing is allocated. Errors are those of create, but for memory. */
DLCORE_API dlcore_status dlcore_predictor_memory(const dlcore_model_t *model,
                                                 const dlcore_predictor_options_t *options,
                                                 size_t *bytes);

/* What the model in a file will take, as dlcore_model_memory says of one that is not built. Layers
 * and weights are there when dlcore_model_load returns, and the optimizer's state where the file
 * has it; while it reads, less than six times the file's header and 2 MB are there besides. Of the
 * file the header is read, and no weight. With `compile` false in the options (NULL: the defaults)
 * there is nothing to train. Errors are those of load, and go to the options' record. */
DLCORE_API dlcore_status dlcore_load_memory(const char *path, const dlcore_load_options_t *options,
                                            size_t batch_size, dlcore_model_memory_t *memory);

#ifdef __cplusplus
}
#endif

#endif
