/* The kinds of losses: descriptors, names, and what they share.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/loss.h"

#include <string.h>

#include "base/name.h"

static const dlcore_loss_type_t *const types[] = {
    [DLCORE_LOSS_UNKNOWN] = NULL,
    [DLCORE_LOSS_CATEGORICAL_CROSSENTROPY] = &dlcore_loss_type_categorical_crossentropy,
    [DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY] =
        &dlcore_loss_type_sparse_categorical_crossentropy,
    [DLCORE_LOSS_BINARY_CROSSENTROPY] = &dlcore_loss_type_binary_crossentropy,
    [DLCORE_LOSS_MEAN_SQUARED_ERROR] = &dlcore_loss_type_mean_squared_error,
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };
_Static_assert(TYPE_COUNT == DLCORE_LOSS_MEAN_SQUARED_ERROR + 1, "one row each");

const dlcore_loss_type_t *dlcore_loss_type(dlcore_loss_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= TYPE_COUNT)
        return NULL;
    return types[kind];
}

dlcore_loss_t dlcore_loss_categorical_crossentropy(void)
{
    return (dlcore_loss_t){.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY};
}

dlcore_loss_t dlcore_loss_sparse_categorical_crossentropy(void)
{
    return (dlcore_loss_t){.kind = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY};
}

dlcore_loss_t dlcore_loss_binary_crossentropy(void)
{
    return (dlcore_loss_t){.kind = DLCORE_LOSS_BINARY_CROSSENTROPY};
}

dlcore_loss_t dlcore_loss_mean_squared_error(void)
{
    return (dlcore_loss_t){.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR};
}

dlcore_loss_t dlcore_loss_from_name(const char *name)
{
    for (int kind = 1; kind < TYPE_COUNT; kind++) {
        if (dlcore_name_is(name, types[kind]->name) ||
            (types[kind]->short_name != NULL && dlcore_name_is(name, types[kind]->short_name)))
            return (dlcore_loss_t){.kind = (dlcore_loss_kind_t)kind};
    }
    return (dlcore_loss_t){.kind = DLCORE_LOSS_UNKNOWN};
}

const char *dlcore_loss_name(dlcore_loss_kind_t kind)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(kind);
    return type != NULL ? type->name : "unknown";
}

dlcore_output_form_t dlcore_loss_output_form(const dlcore_loss_t *loss,
                                             dlcore_activation_t last_activation)
{
    /* also with from_logits, as Keras on TensorFlow: what a softmax gives are no logits */
    if (last_activation != DLCORE_ACTIVATION_LINEAR &&
        dlcore_loss_type(loss->kind)->absorbs == last_activation)
        return DLCORE_OUTPUT_FUSED;
    return loss->from_logits ? DLCORE_OUTPUT_LOGITS : DLCORE_OUTPUT_PREDICTIONS;
}

void dlcore_loss_rows(const dlcore_loss_type_t *type, const dlcore_loss_pass_t *pass, size_t begin,
                      size_t end)
{
    size_t last = dlcore_matrix_panels(pass->y) - 1;
    size_t used = dlcore_matrix_panel_columns(pass->y, last);

    for (size_t row = begin; row < end; row++) {
        pass->row_loss[row] = type->row(pass, row);
        if (pass->gradient)
            memset(dlcore_matrix_at(pass->dy, row, last) + used, 0,
                   (pass->dy->panel - used) * sizeof(float));
    }
}
