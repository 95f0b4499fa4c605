/* Writing compile settings as Keras does.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/function.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "store/config_writing.h"
#include "store/model_config.h"
#include "store/optimizer_config.h"

/* Keras's name of a class: the snake case in capitals, but for a few. */
static void open_class(dlcore_json_writer_t *writer, const char *member, const char *module,
                       const char *class_name, const char *kind, const char *name)
{
    char made[64];

    dlcore_class_name(kind, made, sizeof made);
    dlcore_config_open(writer, member, module, class_name != NULL ? class_name : made);
    dlcore_json_put_string(writer, "name", name);
}

/* As Keras writes a Python function: it looks for that name in its custom_objects. */
static void put_python_function(dlcore_json_writer_t *writer, const char *member, const char *name)
{
    dlcore_json_open(writer, member, '{');
    dlcore_json_put_string(writer, "module", "builtins");
    dlcore_json_put_string(writer, "class_name", "function");
    dlcore_json_put_string(writer, "config", name);
    dlcore_json_put_string(writer, "registered_name", "function");
    dlcore_json_close(writer, '}');
}

static void put_metric(dlcore_json_writer_t *writer, const dlcore_metric_t *metric)
{
    const dlcore_metric_type_t *type = dlcore_metric_type(metric->kind);

    if (metric->kind == DLCORE_METRIC_FUNCTION && writer->for_keras) {
        put_python_function(writer, NULL, metric->name);
        return;
    }
    open_class(writer, NULL, "keras.metrics", type->class_name, type->name,
               metric->name[0] != '\0' ? metric->name : type->name);
    dlcore_settings_put(writer, type->settings, NULL, metric);
    dlcore_config_close(writer);
}

static void put_metrics(dlcore_json_writer_t *writer, const char *list,
                        const dlcore_metric_t *metrics, size_t count)
{
    dlcore_json_open(writer, list, '[');
    for (size_t i = 0; i < count; i++) {
        const dlcore_metric_t *metric = &metrics[i];

        if (metric->kind == DLCORE_METRIC_ACCURACY && metric->threshold == 0.5 &&
            metric->name[0] == '\0')
            dlcore_json_put_string(writer, NULL, "accuracy");
        else
            put_metric(writer, metric);
    }
    dlcore_json_close(writer, ']');
}

static void put_loss(dlcore_json_writer_t *writer, const dlcore_loss_t *loss)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(loss->kind);
    bool own = dlcore_loss_is_function(loss->kind) && loss->name[0] != '\0';

    if (dlcore_loss_is_function(loss->kind) && writer->for_keras) {
        put_python_function(writer, "loss", loss->name);
        return;
    }
    open_class(writer, "loss", "keras.losses", type->class_name, type->name,
               own ? loss->name : type->name);
    dlcore_settings_put(writer, type->settings, NULL, loss);
    dlcore_settings_put(writer, dlcore_loss_common_settings, NULL, loss);
    dlcore_config_close(writer);
}

void dlcore_compile_config_put(dlcore_json_writer_t *writer, const char *member,
                               const dlcore_compile_options_t *settings, double learning_rate)
{
    dlcore_json_open(writer, member, '{');
    dlcore_optimizer_config_put(writer, &settings->optimizer, learning_rate);
    put_loss(writer, &settings->loss);
    put_metrics(writer, "metrics", settings->metrics, settings->metric_count);
    if (settings->weighted_metric_count > 0)
        put_metrics(writer, "weighted_metrics", settings->weighted_metrics,
                    settings->weighted_metric_count);
    dlcore_json_close(writer, '}');
}
