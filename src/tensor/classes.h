/* Samples by class or group: what stratified splits, splits by group and balanced weights share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TENSOR_CLASSES_H
#define DLCORE_TENSOR_CLASSES_H

#include "system/compiler.h"

#include "tensor/tensor.h"

DLCORE_HIDDEN_BEGIN

/* The class of each sample, by the rule of fit's class_weight: the integer label; of a float row
 * with several numbers the place of the largest; of a single float the label, 0 or 1.
 * DLCORE_ERROR_RANGE for another float; `call` begins messages. */
dlcore_status dlcore_classes_of(const dlcore_tensor_t *y, const char *call, int32_t *classes,
                                dlcore_error_record_t *error);

/* Kinds of samples (classes or groups), numbered 0 .. count-1 in ascending order of their labels.
 */
typedef struct dlcore_kinds {
    dlcore_allocator_t allocator;
    size_t samples, count;
    size_t *order;   /* samples, sorted by kind, within a kind ascending */
    size_t *kind_of; /* of each sample */
    size_t *begin;   /* count + 1: where each kind begins in `order` */
} dlcore_kinds_t;

/* Of the classes of y, or of the group numbers in `groups`, int32 or uint8, (samples): whichever is
 * not NULL. */
dlcore_status dlcore_kinds_make(const dlcore_tensor_t *y, const dlcore_tensor_t *groups,
                                size_t samples, const char *call,
                                const dlcore_allocator_t *allocator, dlcore_kinds_t *kinds,
                                dlcore_error_record_t *error);
void dlcore_kinds_clear(dlcore_kinds_t *kinds);
static inline size_t dlcore_kind_size(const dlcore_kinds_t *kinds, size_t kind)
{
    return kinds->begin[kind + 1] - kinds->begin[kind];
}

DLCORE_HIDDEN_END

#endif
