/* Writing compile settings as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include "io/config_writing.h"
#include "io/model_config.h"
#include "io/optimizer_config.h"
#include "nn/loss.h"

static void put_metric(dlcore_json_writer_t *writer, const dlcore_metric_t *metric)
{
    const char *name = dlcore_metric_name(metric->kind);
    char class_name[64];

    dlcore_class_name(name, class_name, sizeof class_name);
    dlcore_config_open(writer, NULL, "keras.metrics", class_name);
    dlcore_json_put_string(writer, "name", name);
    if (metric->kind == DLCORE_METRIC_ACCURACY || metric->kind == DLCORE_METRIC_BINARY_ACCURACY)
        dlcore_json_put_double(writer, "threshold", metric->threshold);
    dlcore_config_close(writer);
}

/* Keras's name of a class: the snake case in capitals, but for a few. */
static void open_class(dlcore_json_writer_t *writer, const char *member, const char *module,
                       const char *class_name, const char *name)
{
    char made[64];

    dlcore_class_name(name, made, sizeof made);
    dlcore_config_open(writer, member, module, class_name != NULL ? class_name : made);
    dlcore_json_put_string(writer, "name", name);
}

static void put_loss(dlcore_json_writer_t *writer, const dlcore_loss_t *loss)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(loss->kind);

    open_class(writer, "loss", "keras.losses", type->class_name, type->name);
    if (type->has_logits)
        dlcore_json_put_bool(writer, "from_logits", loss->from_logits);
    if (type->has_smoothing)
        dlcore_json_put_double(writer, "label_smoothing", loss->label_smoothing);
    if (type->has_delta)
        dlcore_json_put_double(writer, "delta", loss->delta);
    dlcore_json_put_string(writer, "reduction", dlcore_reduction_name(loss->reduction));
    dlcore_config_close(writer);
}

void dlcore_compile_config_put(dlcore_json_writer_t *writer,
                               const dlcore_compile_options_t *settings, double learning_rate)
{
    dlcore_json_open(writer, NULL, '{');
    dlcore_optimizer_config_put(writer, &settings->optimizer, learning_rate);
    put_loss(writer, &settings->loss);
    dlcore_json_open(writer, "metrics", '[');
    for (size_t i = 0; i < settings->metric_count; i++) {
        const dlcore_metric_t *metric = &settings->metrics[i];

        if (metric->kind == DLCORE_METRIC_ACCURACY && metric->threshold == 0.5)
            dlcore_json_put_string(writer, NULL, "accuracy");
        else
            put_metric(writer, metric);
    }
    dlcore_json_close(writer, ']');
    dlcore_json_close(writer, '}');
}
