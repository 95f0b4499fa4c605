/* The kinds of losses: descriptors, names, and what they share.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/loss.h"

#include "base/error.h"
#include "base/name.h"
#include "base/utf8.h"
#include "nn/function.h"
#include "nn/loss_masked.h"

static const dlcore_loss_type_t *const loss_types[] = {
    NULL,
#define DLCORE_LOSS_ROW(kind, name, keys) [DLCORE_LOSS_##kind] = &dlcore_loss_type_##name,
    DLCORE_LOSS_KINDS(DLCORE_LOSS_ROW) DLCORE_LOSS_FUNCTION_KINDS(DLCORE_LOSS_ROW)
#undef DLCORE_LOSS_ROW
};

enum { LOSS_TYPES = sizeof loss_types / sizeof loss_types[0] };

static const char *const reduction_words[] = {
    [DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE] = "sum_over_batch_size",
    [DLCORE_REDUCTION_SUM] = "sum",
    [DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT] = "mean_with_sample_weight",
};

enum { REDUCTION_COUNT = sizeof reduction_words / sizeof reduction_words[0] };

/* ---- descriptors and names ---- */

const dlcore_loss_type_t *dlcore_loss_type(dlcore_loss_kind_t kind)
{
    if ((int)kind < 0 || (int)kind >= LOSS_TYPES)
        return NULL;
    return loss_types[kind];
}

dlcore_loss_t dlcore_loss_default(dlcore_loss_kind_t kind)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(kind);
    dlcore_loss_t loss = {.kind = kind};

    for (int other = LOSS_TYPES - 1; other > 0; other--)
        dlcore_settings_default_unused(loss_types[other]->settings, &loss);
    if (type != NULL)
        dlcore_settings_default(type->settings, &loss);
    dlcore_settings_default(dlcore_loss_common_settings, &loss);
    return loss;
}

/* dlcore_loss_huber() and so on. */
#define DLCORE_LOSS_MADE(kind, name, keys)              \
    dlcore_loss_t dlcore_loss_##name(void)              \
    {                                                   \
        return dlcore_loss_default(DLCORE_LOSS_##kind); \
    }
DLCORE_LOSS_KINDS(DLCORE_LOSS_MADE)
#undef DLCORE_LOSS_MADE

static bool loss_is_called(const dlcore_loss_type_t *type, const char *name)
{
    return dlcore_name_is(name, type->name) ||
           (type->short_name != NULL && dlcore_name_is(name, type->short_name)) ||
           (type->other_name != NULL && dlcore_name_is(name, type->other_name));
}

dlcore_loss_t dlcore_loss_from_name(const char *name)
{
    int kind = 1;

    while (kind < LOSS_TYPES && !loss_is_called(loss_types[kind], name))
        kind++;
    return dlcore_loss_default(kind < LOSS_TYPES ? (dlcore_loss_kind_t)kind : DLCORE_LOSS_UNKNOWN);
}

const char *dlcore_loss_name(dlcore_loss_kind_t kind)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(kind);
    return type != NULL ? type->name : "unknown";
}

dlcore_reduction_t dlcore_reduction_from_name(const char *name)
{
    if (dlcore_name_is(name, "mean") || dlcore_name_is(name, "auto")) /* Keras 2 */
        return DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE;
    for (int i = 0; i < REDUCTION_COUNT; i++) {
        if (dlcore_name_is(name, reduction_words[i]))
            return (dlcore_reduction_t)i;
    }
    return DLCORE_REDUCTION_UNKNOWN;
}

const char *dlcore_reduction_name(dlcore_reduction_t reduction)
{
    if ((int)reduction < 0 || (int)reduction >= REDUCTION_COUNT)
        return "unknown";
    return reduction_words[reduction];
}

static int reduction_from_name(const char *name)
{
    return (int)dlcore_reduction_from_name(name);
}

static const char *reduction_name(int reduction)
{
    return dlcore_reduction_name((dlcore_reduction_t)reduction);
}

static const dlcore_setting_names_t reduction_names = {reduction_from_name, reduction_name};

const dlcore_setting_t dlcore_loss_common_settings[] = {
    {.key = "reduction",
     DLCORE_LOSS_SETTING(CHOICE, reduction),
     .high = REDUCTION_COUNT - 1,
     .names = &reduction_names},
    {.key = "missing_labels", DLCORE_LOSS_SETTING(BOOL, missing_labels), .quiet = true},
    {.key = "weighted_labels", DLCORE_LOSS_SETTING(BOOL, weighted_labels), .quiet = true},
    {0},
};

const dlcore_setting_key_t dlcore_loss_common_keys[] = {
    {"name", NULL},
    {"dtype", DLCORE_KEY_DTYPE},
    {"fn", NULL}, /* Keras 2: the function that the class stands for */
    {0},
};

/* What is set without effect would be a mistake that stays unseen. */
static dlcore_status check_unused(const dlcore_loss_t *loss, const dlcore_loss_type_t *type,
                                  dlcore_error_record_t *error)
{
    if (loss->from_logits &&
        !dlcore_setting_has(type->settings, offsetof(dlcore_loss_t, from_logits)))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: has no from_logits", type->name);
    if (loss->label_smoothing != 0.0 &&
        !dlcore_setting_has(type->settings, offsetof(dlcore_loss_t, label_smoothing)))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: has no label_smoothing, got %g",
                           type->name, loss->label_smoothing);
    return DLCORE_OK;
}

static dlcore_status check_function(const dlcore_loss_t *loss, const dlcore_loss_type_t *type,
                                    dlcore_error_record_t *error)
{
    const char *problem;

    if (memchr(loss->name, '\0', sizeof loss->name) == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name has more than %d bytes",
                           type->name, DLCORE_LOSS_NAME_SIZE - 1);
    problem = dlcore_utf8_problem(loss->name);
    if (problem != NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: its name %s", type->name, problem);
    if (loss->kind == DLCORE_LOSS_SPARSE_FUNCTION && loss->label_width > 1)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: takes one integer per sample, got label_width %zu", type->name,
                           loss->label_width);
    return dlcore_function_validate(&loss->function, type->name, error);
}

static const char *loss_choice(int value)
{
    return dlcore_loss_name((dlcore_loss_kind_t)value);
}

dlcore_status dlcore_loss_validate(const dlcore_loss_t *loss, dlcore_error_record_t *error)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(loss->kind);
    dlcore_status status;

    if (type == NULL)
        return dlcore_check_choice("compile", "loss", (int)loss->kind, 1, LOSS_TYPES - 1,
                                   loss_choice, error);
    status = check_unused(loss, type, error);
    if (status == DLCORE_OK)
        status = dlcore_loss_validate_mask(loss, type, error);
    if (status == DLCORE_OK && dlcore_loss_is_function(loss->kind))
        status = check_function(loss, type, error);
    if (status == DLCORE_OK)
        status = dlcore_settings_validate(type->settings, loss, type->name, error);
    if (status == DLCORE_OK)
        status = dlcore_settings_validate(dlcore_loss_common_settings, loss, type->name, error);
    return status;
}

dlcore_output_form_t dlcore_loss_output_form(const dlcore_loss_t *loss,
                                             dlcore_activation_t last_activation)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(loss->kind);

    /* also with from_logits, as Keras on TensorFlow: what a softmax gives are no logits */
    if (last_activation != DLCORE_ACTIVATION_LINEAR && type->absorbs == last_activation &&
        !(type->keeps_logits && loss->from_logits))
        return DLCORE_OUTPUT_FUSED;
    return loss->from_logits ? DLCORE_OUTPUT_LOGITS : DLCORE_OUTPUT_PREDICTIONS;
}
