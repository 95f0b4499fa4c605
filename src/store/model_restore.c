/* Loading the state of training into a model that is there already.
 *
 * The file is loaded as a model of its own first, so that a bad one changes nothing. Layers and
 * settings of compile are compared as files have them, setting by setting.
 *
 * SPDX-License-Identifier: MIT */
#include "store/model_restore.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "dlcore/file.h"
#include "model/model.h"
#include "model/run_state.h"
#include "model/take_over.h"
#include "store/model_config.h"
#include "json/json.h"

#define VALUE_SHOWN 60 /* bytes of a value in a message */

/* ---- settings ---- */

typedef struct setting_difference {
    char name[64]; /* of the setting */
    dlcore_json_t ours, theirs;
} setting_difference_t;

/* A rate is state, which callbacks change, where it is no schedule; of a function files have no
 * more than a rate. */
static bool is_rate(const dlcore_json_t *name, const dlcore_json_t *a, const dlcore_json_t *b)
{
    return dlcore_json_is(name, "learning_rate") && a->kind == DLCORE_JSON_NUMBER &&
           b->kind == DLCORE_JSON_NUMBER;
}

static bool same_text(const dlcore_json_t *a, const dlcore_json_t *b)
{
    size_t length = (size_t)(a->end - a->begin); /* 0: absent */

    return length == (size_t)(b->end - b->begin) &&
           (length == 0 || memcmp(a->begin, b->begin, length) == 0);
}

static bool differ(const dlcore_json_t *name, const dlcore_json_t *ours,
                   const dlcore_json_t *theirs, setting_difference_t *found)
{
    found->ours = *ours;
    found->theirs = *theirs;
    (void)dlcore_json_string(name, found->name, sizeof found->name);
    return false;
}

/* Whether two texts of one writer are the same; else *found is the innermost that differs, or what
 * one list or object has more. */
static bool same(const dlcore_json_t *name, const dlcore_json_t *a, const dlcore_json_t *b,
                 setting_difference_t *found)
{
    dlcore_json_steps_t ours = dlcore_json_steps(a), theirs = dlcore_json_steps(b);
    dlcore_json_t our_name = *name, their_name, mine, other;
    const dlcore_json_t none = {.kind = DLCORE_JSON_NONE};
    bool is_object = a->kind == DLCORE_JSON_OBJECT;

    if (is_rate(name, a, b))
        return true;
    if (a->kind != b->kind || (!is_object && a->kind != DLCORE_JSON_ARRAY)) {
        if (same_text(a, b))
            return true;
        return differ(name, a, b, found);
    }
    for (;;) {
        bool more = dlcore_json_step(&ours, is_object ? &our_name : NULL, &mine);
        bool others = dlcore_json_step(&theirs, is_object ? &their_name : NULL, &other);

        if (more != others)
            return differ(!is_object ? name : (more ? &our_name : &their_name),
                          more ? &mine : &none, others ? &other : &none, found);
        if (!more)
            return true;
        if (is_object && dlcore_json_compare(&our_name, &their_name) != 0)
            return differ(name, a, b, found);
        if (!same(&our_name, &mine, &other, found))
            return false;
    }
}

/* Layers and settings of compile as files have them; a function's rate, which is not looked at, is
 * 0. */
static dlcore_json_writer_t put_settings(const dlcore_model_t *model, char *to, size_t room)
{
    dlcore_json_writer_t writer = dlcore_json_writer(to, room);

    dlcore_json_open(&writer, NULL, '[');
    dlcore_model_config_put(&writer, model);
    dlcore_compile_config_put(&writer, NULL, &model->settings, 0.0);
    dlcore_json_close(&writer, ']');
    return writer;
}

typedef struct configs {
    char *text; /* for the caller to release */
    dlcore_json_t layers, compile;
} configs_t;

static dlcore_status make_configs(const dlcore_model_t *model, configs_t *configs,
                                  dlcore_error_record_t *error)
{
    size_t size = put_settings(model, NULL, 0).size;
    dlcore_json_problem_t problem;
    dlcore_json_steps_t steps;
    dlcore_json_t whole;

    configs->text = dlcore_allocate_raw(&model->allocator, size, 1);
    if (configs->text == NULL)
        return dlcore_fail_memory(error, "settings", size);
    (void)put_settings(model, configs->text, size);
    if (!dlcore_json_check(configs->text, size, &whole, &problem))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "settings of the model: %s", problem.what);
    steps = dlcore_json_steps(&whole);
    (void)dlcore_json_step(&steps, NULL, &configs->layers);
    (void)dlcore_json_step(&steps, NULL, &configs->compile);
    return DLCORE_OK;
}

static const char *shown_value(char text[VALUE_SHOWN], const dlcore_json_t *value)
{
    if (value->kind == DLCORE_JSON_NONE)
        snprintf(text, VALUE_SHOWN, "absent");
    else
        snprintf(text, VALUE_SHOWN, "%.*s",
                 (int)dlcore_size_min(VALUE_SHOWN, (size_t)(value->end - value->begin)),
                 value->begin);
    return text;
}

static dlcore_status compare_part(const char *part, const dlcore_json_t *ours,
                                  const dlcore_json_t *theirs, const char *file,
                                  dlcore_error_record_t *error)
{
    setting_difference_t found = {.name = ""};
    const dlcore_json_t nameless = {.kind = DLCORE_JSON_NONE};
    char our_text[VALUE_SHOWN], their_text[VALUE_SHOWN];

    if (same(&nameless, ours, theirs, &found))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_STATE, "%s: %s%s%s is %s in the model, %s in the file",
                       file, part, found.name[0] != '\0' ? ": " : "", found.name,
                       shown_value(our_text, &found.ours), shown_value(their_text, &found.theirs));
}

/* A run goes on to the same bits only with the settings that it began with. */
static dlcore_status compare_settings(const dlcore_model_t *model, const dlcore_model_t *loaded,
                                      const char *file, dlcore_error_record_t *error)
{
    static const char *const members[] = {"optimizer", "loss", "metrics", "weighted_metrics"};
    configs_t ours = {0}, theirs = {0};
    dlcore_status status = make_configs(model, &ours, error);

    if (status == DLCORE_OK)
        status = make_configs(loaded, &theirs, error);
    if (status == DLCORE_OK)
        status = compare_part("layers", &ours.layers, &theirs.layers, file, error);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && status == DLCORE_OK; i++) {
        dlcore_json_t a, b;

        (void)dlcore_json_member(&ours.compile, members[i], &a);
        (void)dlcore_json_member(&theirs.compile, members[i], &b);
        status = compare_part(members[i], &a, &b, file, error);
    }
    dlcore_release(&model->allocator, ours.text);
    dlcore_release(&loaded->allocator, theirs.text);
    return status;
}

/* ---- all of it ---- */

dlcore_status dlcore_model_load_run(const dlcore_model_t *model, const char *path,
                                    dlcore_model_t **loaded, dlcore_error_record_t *error)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t found = {0};
    dlcore_status status;

    options.model = model->options;
    options.model.threads = 1; /* it never computes */
    options.precision = false; /* it is compared */
    options.error = error;
    status = dlcore_model_load(path, &options, loaded);
    if (status != DLCORE_OK)
        return status;
    status =
        dlcore_model_compare(model, *loaded, &found); /* what changes shapes: the better words */
    if (status != DLCORE_OK)
        (void)dlcore_fail(error, status, "%s: %s", path, found.message);
    else if ((*loaded)->stopped == NULL) /* nor compiled, then */
        status = dlcore_fail(error, DLCORE_ERROR_STATE, "%s: was not saved in the middle of a run",
                             path);
    else if ((*loaded)->stopped->position.precision != model->options.precision)
        status = dlcore_fail(error, DLCORE_ERROR_STATE,
                             "%s: precision is %s in the model, %s in the file", path,
                             dlcore_precision_name(model->options.precision),
                             dlcore_precision_name((*loaded)->stopped->position.precision));
    else
        status = compare_settings(model, *loaded, path, error);
    if (status == DLCORE_OK)
        return DLCORE_OK;
    dlcore_model_free(*loaded);
    *loaded = NULL;
    return status;
}
