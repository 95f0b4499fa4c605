/* Loading the state of training into a model that is there already.
 *
 * The file is loaded as a model of its own first, so that a bad one changes nothing. What the two
 * were compiled with is compared as files have it, setting by setting.
 *
 * SPDX-License-Identifier: MIT */
#include "io/model_restore.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "dlcore/file.h"
#include "io/json.h"
#include "io/model_config.h"
#include "model/model.h"
#include "model/run_state.h"

#define SHOWN 60 /* bytes of a value in a message */

/* ---- compile settings ---- */

typedef struct difference {
    char name[64]; /* of the setting */
    dlcore_json_t ours, theirs;
} difference_t;

/* A rate is state, which callbacks change, where it is no schedule; of a function files have no
 * more than a rate. */
static bool is_rate(const char *name, const dlcore_json_t *a, const dlcore_json_t *b)
{
    return strcmp(name, "learning_rate") == 0 && a->kind == DLCORE_JSON_NUMBER &&
           b->kind == DLCORE_JSON_NUMBER;
}

static bool same_text(const dlcore_json_t *a, const dlcore_json_t *b)
{
    size_t length = (size_t)(a->end - a->begin);

    return length == (size_t)(b->end - b->begin) && memcmp(a->begin, b->begin, length) == 0;
}

/* Whether two texts of one writer are the same; else *found is the innermost that differs. */
static bool same(const dlcore_json_t *a, const dlcore_json_t *b, difference_t *found)
{
    dlcore_json_steps_t ours = dlcore_json_steps(a), theirs = dlcore_json_steps(b);
    dlcore_json_t our_name, their_name, mine, other;
    bool is_object = a->kind == DLCORE_JSON_OBJECT;

    if (is_rate(found->name, a, b))
        return true;
    if (a->kind != b->kind || (!is_object && a->kind != DLCORE_JSON_ARRAY)) {
        found->ours = *a;
        found->theirs = *b;
        return same_text(a, b);
    }
    for (;;) {
        bool more = dlcore_json_step(&ours, is_object ? &our_name : NULL, &mine);

        if (dlcore_json_step(&theirs, is_object ? &their_name : NULL, &other) != more ||
            (more && is_object && dlcore_json_compare(&our_name, &their_name) != 0)) {
            found->ours = *a;
            found->theirs = *b;
            return false;
        }
        if (!more)
            return true;
        if (is_object && dlcore_json_string(&our_name, NULL, 0) < sizeof found->name)
            (void)dlcore_json_string(&our_name, found->name, sizeof found->name);
        if (!same(&mine, &other, found))
            return false;
    }
}

/* A model's compile_config, for the caller to release; a function's rate, which is not looked at,
 * is 0. */
static dlcore_status config_of(const dlcore_model_t *model, char **text, dlcore_json_t *config,
                               dlcore_error_record_t *error)
{
    dlcore_json_writer_t writer = dlcore_json_writer(NULL, 0);
    dlcore_json_problem_t problem;

    dlcore_compile_config_put(&writer, &model->settings, 0.0);
    *text = dlcore_allocate_raw(&model->allocator, writer.size, 1);
    if (*text == NULL)
        return dlcore_fail_memory(error, "settings", writer.size);
    writer = dlcore_json_writer(*text, writer.size);
    dlcore_compile_config_put(&writer, &model->settings, 0.0);
    if (!dlcore_json_check(*text, writer.size, config, &problem))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "compile settings: %s", problem.what);
    return DLCORE_OK;
}

static const char *shown(char text[SHOWN], const dlcore_json_t *value)
{
    if (value->kind == DLCORE_JSON_NONE)
        snprintf(text, SHOWN, "absent");
    else
        snprintf(text, SHOWN, "%.*s",
                 (int)dlcore_size_min(SHOWN, (size_t)(value->end - value->begin)), value->begin);
    return text;
}

static dlcore_status compare_configs(const dlcore_json_t *ours, const dlcore_json_t *theirs,
                                     const char *file, dlcore_error_record_t *error)
{
    static const char *const members[] = {"optimizer", "loss", "metrics", "weighted_metrics"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        difference_t found = {.name = ""};
        char our_text[SHOWN], their_text[SHOWN];
        dlcore_json_t a, b;

        (void)dlcore_json_member(ours, members[i], &a);
        (void)dlcore_json_member(theirs, members[i], &b);
        if (!same(&a, &b, &found))
            return dlcore_fail(error, DLCORE_ERROR_STATE,
                               "%s: %s%s%s is %s in the model, %s in the file", file, members[i],
                               found.name[0] != '\0' ? ": " : "", found.name,
                               shown(our_text, &found.ours), shown(their_text, &found.theirs));
    }
    return DLCORE_OK;
}

/* A run goes on to the same bits only with the settings that it began with. */
static dlcore_status compare_settings(const dlcore_model_t *model, const dlcore_model_t *loaded,
                                      const char *file, dlcore_error_record_t *error)
{
    char *our_text = NULL, *their_text = NULL;
    dlcore_json_t ours, theirs;
    dlcore_status status;

    if (!loaded->compiled)
        return dlcore_fail(error, DLCORE_ERROR_STATE,
                           "%s: was saved from a model that was not compiled", file);
    status = config_of(model, &our_text, &ours, error);
    if (status == DLCORE_OK)
        status = config_of(loaded, &their_text, &theirs, error);
    if (status == DLCORE_OK)
        status = compare_configs(&ours, &theirs, file, error);
    dlcore_release(&model->allocator, our_text);
    dlcore_release(&loaded->allocator, their_text);
    return status;
}

/* ---- all of it ---- */

dlcore_status dlcore_model_restore(dlcore_model_t *model, const char *path,
                                   dlcore_error_record_t *error)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t found = {0};
    dlcore_model_t *loaded = NULL;
    dlcore_status status;

    options.model = model->options;
    options.model.threads = 1; /* it never computes */
    options.error = error;
    status = dlcore_model_load(path, &options, &loaded);
    if (status != DLCORE_OK)
        return status;
    status = compare_settings(model, loaded, path, error);
    if (status == DLCORE_OK) {
        status = dlcore_model_take_over(model, loaded, &found);
        if (status != DLCORE_OK)
            (void)dlcore_fail(error, status, "%s: %s", path, found.message);
    }
    dlcore_model_free(loaded);
    return status;
}
