/* Finding out which tensor of a safetensors file is which weight of a network: what is known of it,
 * what the ways to do it share, and these ways (weight_match.h goes through them).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_WEIGHT_MATCHING_H
#define DLCORE_STORE_WEIGHT_MATCHING_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/weights.h"
#include "engine/network.h"
#include "store/model_tensors.h"
#include "store/safetensors_entries.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_MATCHING_TENSORS_MAX 16384 /* of a file; with more, whole names decide alone */

#define DLCORE_MATCHING_NAME_SIZE (DLCORE_SAFETENSORS_NAME_MAX + 1)

/* Of one weight. */
typedef struct dlcore_matched {
    uint32_t entry; /* of the file, sorted by name, from 1; 0: none */
    dlcore_weight_source_t source;
} dlcore_matched_t;

static inline bool dlcore_matched_is_loaded(const dlcore_matched_t *matched)
{
    return matched->source >= DLCORE_WEIGHT_BY_PAIR;
}

typedef struct dlcore_matching {
    /* the caller's to fill */
    const dlcore_network_t *network;         /* built */
    const dlcore_safetensors_t *file;        /* sorted by name */
    const char *file_name;                   /* for messages */
    const dlcore_weights_options_t *options; /* never NULL */
    const dlcore_allocator_t *allocator;
    dlcore_error_record_t *error;
    /* of each weight, in the order of dlcore_network_parameter; from the allocator */
    size_t count;
    dlcore_matched_t *matched;
    dlcore_tensor_form_t *forms;
} dlcore_matching_t;

static inline bool dlcore_matching_is_open(const dlcore_matching_t *matching, size_t weight)
{
    return matching->matched[weight].entry == 0 &&
           matching->matched[weight].source == DLCORE_WEIGHT_LEFT;
}

/* How a tensor's lengths go with a weight. */
typedef enum dlcore_matching_shape {
    DLCORE_SHAPE_OTHER,
    DLCORE_SHAPE_SAME,
    DLCORE_SHAPE_TRANSPOSED,
    DLCORE_SHAPE_EITHER, /* a square kernel */
    DLCORE_SHAPE_REPEATED
} dlcore_matching_shape_t;
/* Only what `kernels` of the options allows; a kernel of one number is SAME. */
dlcore_matching_shape_t dlcore_matching_shape(const dlcore_matching_t *matching,
                                              const dlcore_safetensors_entry_t *entry,
                                              const dlcore_parameter_t *parameter);

void dlcore_matching_set(dlcore_matching_t *matching, size_t weight, uint32_t entry,
                         dlcore_weight_source_t source, bool transposed);

/* "dense/kernel (784, 512)" and "0.weight (512, 784)" of the two sides. */
#define DLCORE_MATCHING_TEXT 112
const char *dlcore_matching_weight_text(const dlcore_matching_t *matching, size_t weight,
                                        char text[DLCORE_MATCHING_TEXT]);
const char *dlcore_matching_tensor_text(const dlcore_matching_t *matching,
                                        const dlcore_safetensors_entry_t *entry,
                                        char text[DLCORE_MATCHING_TEXT]);

dlcore_status dlcore_matching_refuse_shape(const dlcore_matching_t *matching, size_t weight,
                                           const dlcore_safetensors_entry_t *entry);

/* Pairs, then names; *done says whether names decided. */
dlcore_status dlcore_matching_pairs(dlcore_matching_t *matching);
dlcore_status dlcore_matching_names(dlcore_matching_t *matching, bool *done);
/* By order, of what pairs have left open. */
dlcore_status dlcore_matching_order(dlcore_matching_t *matching);

DLCORE_HIDDEN_END

#endif
