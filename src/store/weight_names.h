/* What the names of tensors in files of other programs say: which belong to one layer, in which
 * order layers come, and which weight of a layer a tensor is.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_NAMES_H
#define DLCORE_STORE_WEIGHT_NAMES_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* A piece of a name; not terminated. */
typedef struct dlcore_name_part {
    const char *text;
    size_t size;
} dlcore_name_part_t;

/* "model.0" of "model.0.weight": what stands before the last '/' or '.'; empty where there is none.
 */
dlcore_name_part_t dlcore_weight_group(const char *name);
/* "weight": what stands behind it, without the ":0" of Keras 2. */
dlcore_name_part_t dlcore_weight_leaf(const char *name);

/* Orders as people count, "fc2" before "fc10": less than 0, 0, or more. */
int dlcore_weight_order(dlcore_name_part_t a, dlcore_name_part_t b);
/* Whether names differ only in their numbers: "model.0" and "model.2", "dense" and "dense_1". */
bool dlcore_weight_same_stem(dlcore_name_part_t a, dlcore_name_part_t b);

/* Whether dlcore's own files call what they have beside the weights so: "optimizer/adam/...". */
bool dlcore_weight_name_is_dlcores(const char *name);

/* Whether that leaf is a name of that weight of dlcore: "weight" of "kernel" and of "gamma". */
bool dlcore_weight_leaf_is(dlcore_name_part_t leaf, const char *weight);
/* Whether it is a name of some weight of dlcore. */
bool dlcore_weight_leaf_known(dlcore_name_part_t leaf);
/* Whether it counts something that dlcore does not keep. */
bool dlcore_weight_leaf_counts(dlcore_name_part_t leaf);
/* Whether kernels of that name lie as (outputs, inputs), or as (inputs, outputs). */
bool dlcore_weight_leaf_outputs_first(dlcore_name_part_t leaf);
bool dlcore_weight_leaf_inputs_first(dlcore_name_part_t leaf);

/* What PyTorch calls that weight of dlcore: "weight" for "kernel". */
const char *dlcore_weight_pytorch_leaf(const char *weight);

DLCORE_HIDDEN_END

#endif
