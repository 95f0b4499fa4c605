/* Labels that do not count: missing ones, those with weights of their own, ignored classes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_LOSS_MASKED_H
#define DLCORE_NN_LOSS_MASKED_H

#include "system/compiler.h"

#include "nn/loss.h"

DLCORE_HIDDEN_BEGIN

/* What the loss says of its labels. */
static inline dlcore_label_mask_t dlcore_loss_mask(const dlcore_loss_t *loss)
{
    return (dlcore_label_mask_t){.missing = loss->missing_labels,
                                 .weighted = loss->weighted_labels,
                                 .ignores = loss->ignores_class,
                                 .ignored = loss->ignore_class};
}
static inline bool dlcore_mask_is_of_elements(const dlcore_label_mask_t *mask)
{
    return mask->missing || mask->weighted;
}
static inline bool dlcore_mask_is_any(const dlcore_label_mask_t *mask)
{
    return mask->missing || mask->weighted || mask->ignores;
}

/* DLCORE_ERROR_ARGUMENT where the loss has no such masks. */
dlcore_status dlcore_loss_validate_mask(const dlcore_loss_t *loss, const dlcore_loss_type_t *type,
                                        dlcore_error_record_t *error);

/* After rows begin .. end-1 of the labels were gathered: what of them is present. An ignored class
 * becomes class 0, and the weights of its rows, where there are some, 0. */
void dlcore_labels_count(dlcore_labels_t *labels, size_t begin, size_t end);

/* dlcore_loss_rows, with `change` of labels (dlcore_loss_smoothing), for the function of a row of a
 * type of elements, with a mask of elements; `weighted`: with the weights of labels, else those
 * that are present count 1. */
void dlcore_loss_masked_rows(dlcore_loss_row_t row_function, const dlcore_loss_pass_t *pass,
                             dlcore_label_change_t change, size_t begin, size_t end, bool weighted);

/* How much label `unit` of a row counts: 0 where it is missing. */
static inline float dlcore_label_weight(const dlcore_labels_t *labels, size_t row, size_t unit,
                                        bool weighted)
{
    const float *values = labels->values + row * labels->width;

    if (labels->mask.missing && values[unit] != values[unit])
        return 0.0f;
    return labels->mask.weighted && weighted ? values[labels->units + unit] : 1.0f;
}

/* Of rows' values that are sums over present labels: the means, 0 where there is none. */
static inline float dlcore_label_mean(const dlcore_labels_t *labels, size_t row, float sum)
{
    return labels->present[row] > 0.0f ? sum / labels->present[row] : 0.0f;
}

DLCORE_HIDDEN_END

#endif
