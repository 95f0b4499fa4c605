/* Descriptors of layers, losses, metrics, optimizers and schedules. What they can hold is read from
 * the library's own tables of settings, so that a new setting is drawn as it comes.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"
#include "nn/initializer.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"

#include <string.h>

static dlcore_regularizer_t regularizer(script_t *script)
{
    return dlcore_regularizer_l1_l2(script_number(script, 0.01), script_number(script, 0.02));
}

static dlcore_constraint_t constraint(script_t *script)
{
    dlcore_constraint_t made = {
        .kind = (dlcore_constraint_kind_t)script_choice(script, 0, DLCORE_CONSTRAINT_MIN_MAX_NORM)};

    made.min_value = script_number(script, 0.1);
    made.max_value = script_number(script, 1.0);
    made.rate = script_number(script, 0.5);
    return made;
}

/* Columns in order or not, sizes that a layer takes and others; of the layer that is described
 * last. */
static dlcore_embeddings_t embeddings(script_t *script)
{
    static dlcore_embedding_t tables[DLCORE_EMBEDDINGS_MAX];
    dlcore_embeddings_t made = {.count = script_size(script, 3),
                                .table = tables,
                                .code = dlcore_layer_embedding(NULL, 0).embeddings.code};

    for (size_t i = 0; i < made.count && i < 3; i++) {
        tables[i].column = (uint32_t)script_size(script, 3);
        tables[i].count = (uint32_t)script_size(script, 9);
        tables[i].units = (uint32_t)script_size(script, 4);
    }
    return made;
}

/* Borrowed, of up to four numbers, which need not be such as are allowed; of more they are 0. */
static dlcore_metric_list_t list(script_t *script)
{
    static const float numbers[2][DLCORE_METRIC_THRESHOLDS_MAX] = {{0.25F, 0.5F, 0.75F, 1.0F},
                                                                   {0.5F, 0.25F, 0.0F, 2.0F}};
    dlcore_metric_list_t made = {.count = script_size(script, 4)};

    made.values = made.count > 0 ? numbers[script_flag(script) ? 0 : 1] : NULL;
    return made;
}

static void put(script_t *script, const dlcore_setting_t *setting, void *place)
{
    switch (setting->type) {
    case DLCORE_SETTING_DOUBLE:
    case DLCORE_SETTING_RATE:
        *(double *)place = script_number(script, setting->high > 0.0 ? setting->high / 2.0 : 0.25);
        break;
    case DLCORE_SETTING_BOOL:
    case DLCORE_SETTING_UNITS_AXIS:
        *(bool *)place = script_flag(script);
        break;
    case DLCORE_SETTING_SIZE:
        *(size_t *)place = script_size(script, 9);
        break;
    case DLCORE_SETTING_COUNT:
        *(uint64_t *)place = script_size(script, 9);
        break;
    case DLCORE_SETTING_INT:
    case DLCORE_SETTING_CHOICE:
        *(int *)place = script_choice(script, 0, 3);
        break;
    case DLCORE_SETTING_INITIALIZER:
        *(dlcore_initializer_t *)place = describe_initializer(script);
        break;
    case DLCORE_SETTING_REGULARIZER:
        *(dlcore_regularizer_t *)place = regularizer(script);
        break;
    case DLCORE_SETTING_CONSTRAINT:
        *(dlcore_constraint_t *)place = constraint(script);
        break;
    case DLCORE_SETTING_ACTIVATION:
        *(dlcore_activation_t *)place = (dlcore_activation_t)script_choice(
            script, DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_RELU_GENERAL);
        break;
    case DLCORE_SETTING_TABLES:
        *(dlcore_embeddings_t *)place = embeddings(script);
        break;
    case DLCORE_SETTING_LIST:
        *(dlcore_metric_list_t *)place = list(script);
        break;
    case DLCORE_SETTING_PIECES:
    case DLCORE_SETTING_TEXT:
    case DLCORE_SETTING_END:
        break;
    }
}

/* Changes one setting of a table, or none. */
static void change(script_t *script, const dlcore_setting_t *settings, void *descriptor)
{
    size_t count = 0, which;

    while (settings != NULL && settings[count].type != DLCORE_SETTING_END)
        count++;
    which = script_pick(script, count + 3);
    if (which < count)
        put(script, &settings[which], (char *)descriptor + settings[which].place);
}

dlcore_initializer_t describe_initializer(script_t *script)
{
    dlcore_initializer_t made = {.kind = DLCORE_INITIALIZER_UNKNOWN};
    int kind = script_choice(script, DLCORE_INITIALIZER_GLOROT_UNIFORM, DLCORE_INITIALIZER_NAMED);

    if (kind >= DLCORE_INITIALIZER_GLOROT_UNIFORM && kind < DLCORE_INITIALIZER_NAMED) {
        made =
            dlcore_initializer_from_name(dlcore_initializer_name((dlcore_initializer_kind_t)kind));
        change(script, dlcore_initializer_settings(made.kind), &made);
    } else {
        made.kind = (dlcore_initializer_kind_t)kind;
    }
    return made;
}

dlcore_layer_t describe_layer(script_t *script)
{
    int kind = script_choice(script, DLCORE_LAYER_UNKNOWN, DLCORE_LAYER_GROUPED_SOFTMAX);
    dlcore_layer_t made =
        kind <= DLCORE_LAYER_DENSE
            ? dlcore_layer_dense(script_size(script, 20),
                                 (dlcore_activation_t)script_choice(
                                     script, DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_CELU))
            : dlcore_layer_from_name(dlcore_layer_kind_name((dlcore_layer_kind_t)kind));

    if (dlcore_layer_type(made.kind) != NULL) {
        change(script, dlcore_layer_type(made.kind)->settings, &made);
        change(script, dlcore_layer_common_settings, &made);
    }
    if (script_rarely(script, 12)) {
        const char *name = script_text(script);

        for (size_t i = 0; name != NULL && i < sizeof made.name;
             i++) { /* at times without an end */
            made.name[i] = name[i];
            if (name[i] == '\0')
                break;
        }
    }
    if (script_rarely(script, 24))
        made.kind = (dlcore_layer_kind_t)script_choice(script, 0, 40);
    return made;
}

dlcore_schedule_t describe_schedule(script_t *script)
{
    static const uint64_t boundaries[] = {1, 2, 5};
    static const double values[] = {0.1, 0.05, 0.02, 0.01};
    int kind = script_choice(script, DLCORE_SCHEDULE_EXPONENTIAL_DECAY, DLCORE_SCHEDULE_ONE_CYCLE);
    dlcore_schedule_t made =
        kind == DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY
            ? dlcore_schedule_piecewise_constant_decay(boundaries, values, script_size(script, 3))
            : dlcore_schedule_from_name(dlcore_schedule_name((dlcore_schedule_kind_t)kind));

    if (made.kind != DLCORE_SCHEDULE_PIECEWISE_CONSTANT_DECAY) {
        made.initial_learning_rate = script_number(script, 0.1);
        made.max_learning_rate = made.initial_learning_rate;
        made.decay_steps = script_size(script, 9);
    }
    if (dlcore_schedule_type(made.kind) != NULL)
        change(script, dlcore_schedule_type(made.kind)->settings, &made);
    return made;
}

dlcore_optimizer_t describe_optimizer(script_t *script)
{
    int kind = script_choice(script, DLCORE_OPTIMIZER_SGD, DLCORE_OPTIMIZER_FTRL);
    dlcore_optimizer_t made =
        dlcore_optimizer_from_name(dlcore_optimizer_name((dlcore_optimizer_kind_t)kind));

    made.learning_rate = script_number(script, 0.05);
    if (script_rarely(script, 6))
        made.schedule = describe_schedule(script);
    if (dlcore_optimizer_type(made.kind) != NULL) {
        change(script, dlcore_optimizer_type(made.kind)->settings, &made);
        change(script, dlcore_optimizer_common_settings, &made);
        if (script_flag(script))
            change(script, dlcore_optimizer_common_settings, &made);
    }
    return made;
}

/* ---- losses and metrics of the host's ---- */

static void squares(const dlcore_function_batch_t *batch, void *user)
{
    (void)user;
    for (size_t row = 0; row < batch->rows; row++) {
        batch->row_values[row] = 0.0f;
        for (size_t i = row * batch->units; i < (row + 1) * batch->units; i++) {
            batch->row_values[row] += 0.5f * batch->y_pred[i] * batch->y_pred[i];
            if (batch->gradient != NULL)
                batch->gradient[i] = batch->y_pred[i];
        }
    }
}

/* One that leaves row 1, and gradients, as they are. */
static void forgets(const dlcore_function_batch_t *batch, void *user)
{
    (void)user;
    batch->row_values[0] = 1.0f;
    for (size_t row = 2; row < batch->rows; row++)
        batch->row_values[row] = 1.0f;
}

static dlcore_function_call_t own_function(script_t *script)
{
    static const dlcore_function_call_t functions[] = {squares, squares, forgets, NULL};

    return functions[script_pick(script, 4)];
}

dlcore_loss_t describe_loss(script_t *script, size_t units)
{
    int kind = script_choice(script, 1, DLCORE_LOSS_SPARSE_FUNCTION);
    dlcore_loss_t made = dlcore_loss_default((dlcore_loss_kind_t)kind);

    if (kind == DLCORE_LOSS_FUNCTION || kind == DLCORE_LOSS_SPARSE_FUNCTION) {
        made = kind == DLCORE_LOSS_FUNCTION
                   ? dlcore_loss_function(own_function(script), NULL)
                   : dlcore_loss_sparse_function(own_function(script), NULL);
        made.label_width = script_rarely(script, 6) ? script_size(script, units) : 0;
        if (script_flag(script))
            made.function.calls = DLCORE_FUNCTION_CALLS_ROWS;
    }
    if (dlcore_loss_type(made.kind) != NULL) {
        change(script, dlcore_loss_type(made.kind)->settings, &made);
        change(script, dlcore_loss_common_settings, &made);
    }
    made.missing_labels = script_rarely(script, 8);
    made.weighted_labels = script_rarely(script, 10);
    return made;
}

dlcore_metric_t describe_metric(script_t *script)
{
    int kind = script_choice(script, DLCORE_METRIC_ACCURACY, DLCORE_METRIC_FUNCTION);
    dlcore_metric_t made = kind == DLCORE_METRIC_FUNCTION
                               ? dlcore_metric_function(own_function(script), NULL)
                               : dlcore_metric_default((dlcore_metric_kind_t)kind);

    if (kind == DLCORE_METRIC_FUNCTION && script_flag(script))
        strcpy(made.name, "mine");
    if (made.kind > DLCORE_METRIC_NONE && dlcore_metric_type(made.kind) != NULL)
        change(script, dlcore_metric_type(made.kind)->settings, &made);
    return made;
}

void describe_compile(script_t *script, size_t units, dlcore_compile_options_t *options)
{
    *options = dlcore_compile_options_default();
    options->optimizer = describe_optimizer(script);
    options->loss = describe_loss(script, units);
    options->metric_count = script_pick(script, 3);
    for (size_t i = 0; i < options->metric_count; i++)
        options->metrics[i] = describe_metric(script);
    options->weighted_metric_count = script_rarely(script, 4);
    if (options->weighted_metric_count > 0)
        options->weighted_metrics[0] = describe_metric(script);
    if (script_rarely(script, 48))
        options->metric_count = script_size(script, DLCORE_METRICS_MAX);
    if (script_rarely(script, 96))
        options->structure_size = 0;
}
