/* What the texts in a file of Keras say, as text for people.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_inspect_config.h"

#include <string.h>

#include "base/shown.h"
#include "store/config_named.h"

#define SETTINGS_MAX 16 /* of a layer that are shown */

/* "relu", 10, [3,3]; of an object its class. */
static void show_value(FILE *stream, const dlcore_json_t *value)
{
    char name[DLCORE_NAME_SIZE], shown[DLCORE_SHOWN_SIZE];

    if (value->kind == DLCORE_JSON_OBJECT) {
        dlcore_named_thing(value, name);
        fputs(dlcore_show(shown, name, strlen(name)), stream);
    } else {
        fputs(dlcore_show(shown, value->begin, (size_t)(value->end - value->begin)), stream);
    }
}

/* What says nothing of what a trained layer computes, or is shown elsewhere. */
static bool is_shown_setting(const char *key, const dlcore_json_t *value)
{
    static const char *const others[] = {"name", "dtype", "trainable", "batch_input_shape"};
    const char *initializer = strstr(key, "_initializer");

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(key, others[i]) == 0)
            return false;
    }
    return value->kind != DLCORE_JSON_NULL && initializer == NULL;
}

static void show_settings_of(FILE *stream, const dlcore_json_t *config)
{
    dlcore_json_steps_t steps = dlcore_json_steps(config);
    dlcore_json_t key, value;
    char name[DLCORE_NAME_SIZE], shown[DLCORE_SHOWN_SIZE];
    size_t count = 0;

    while (config->kind == DLCORE_JSON_OBJECT && dlcore_json_step(&steps, &key, &value)) {
        (void)dlcore_json_string(&key, name, sizeof name);
        if (!is_shown_setting(name, &value))
            continue;
        if (count == SETTINGS_MAX) {
            fputs(", ...", stream);
            return;
        }
        fprintf(stream, "%s%s ", count++ == 0 ? ": " : ", ",
                dlcore_show(shown, name, strlen(name)));
        show_value(stream, &value);
    }
}

static void show_layer(FILE *stream, const dlcore_json_t *layer)
{
    dlcore_json_t config = dlcore_named_member(layer, "config");
    dlcore_json_t name = dlcore_named_member(&config, "name");
    dlcore_json_t trainable = dlcore_named_member(&config, "trainable");
    char text[DLCORE_NAME_SIZE], shown[DLCORE_SHOWN_SIZE];

    (void)dlcore_json_string(&name, text, sizeof text);
    fprintf(stream, "  %s", dlcore_show(shown, text, strlen(text)));
    dlcore_named_thing(layer, text);
    fprintf(stream, " (%s)", dlcore_show(shown, text, strlen(text)));
    show_settings_of(stream, &config);
    fprintf(stream, "%s%s\n", trainable.kind == DLCORE_JSON_FALSE ? "; frozen" : "",
            dlcore_named_layer_is_known(text) ? "" : "; this version has no such layer");
}

static const char *shown_or_none(const char *text, char shown[DLCORE_NAMED_METRICS_SIZE])
{
    return text[0] != '\0' ? dlcore_show_in(shown, DLCORE_NAMED_METRICS_SIZE, text, strlen(text))
                           : "none";
}

static void show_compile(FILE *stream, const dlcore_json_t *config)
{
    dlcore_named_compile_t named;
    char shown[DLCORE_NAMED_METRICS_SIZE];

    dlcore_named_compile_read(config, &named);
    if (named.optimizer[0] == '\0' && named.loss[0] == '\0')
        return;
    fprintf(stream, "compiled: optimizer %s", shown_or_none(named.optimizer, shown));
    fprintf(stream, ", loss %s", shown_or_none(named.loss, shown));
    fprintf(stream, ", metrics %s\n", shown_or_none(named.metrics, shown));
}

void dlcore_keras_inspect_config(const dlcore_keras_file_t *file, FILE *stream)
{
    dlcore_json_t config = dlcore_named_member(&file->model.json, "config");
    dlcore_json_t list = dlcore_named_member(&config, "layers"), layer, compile;
    dlcore_json_steps_t steps = dlcore_json_steps(&list);

    if (file->model.json.kind == DLCORE_JSON_NONE)
        return;
    fprintf(stream, "%s, layers:\n", file->version[0] != '\0' ? file->version : "Keras");
    while (list.kind == DLCORE_JSON_ARRAY && dlcore_json_step(&steps, NULL, &layer))
        show_layer(stream, &layer);
    compile = file->by_name ? file->training.json
                            : dlcore_named_member(&file->model.json, "compile_config");
    show_compile(stream, &compile);
}
