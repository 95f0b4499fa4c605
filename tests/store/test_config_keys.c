/* Every key of every class in Keras's configs: the same numbers as Keras, or refused by name.
 *
 * tests/fixtures/configs.txt has the cases, tests/fixtures/config_verdicts.txt what becomes of
 * each, one a line, for people to read: "obeyed" (Keras's numbers move with the value, and dlcore's
 * with them), "no effect" (Keras's numbers stay, and dlcore's), "refused" (with the key, or the
 * class, in the message). With DLCORE_CONFIG_VERDICTS set to a path the test writes what happens
 * there.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "model/model.h"
#include "store/model_config.h"
#include "support/fixture.h"
#include "json/json.h"

enum { WHAT_SIZE = 128, LINE_SIZE = 256 };

#define TOLERANCE 2e-5 /* of eight steps in float32, in another order of sums */

typedef struct verdict {
    const char *word;
    char message[DLCORE_ERROR_MESSAGE_SIZE];
} verdict_t;

/* `text` with the object in the place of its @. */
static char *filled(const char *text, const char *object)
{
    const char *at = strchr(text, '@');
    size_t before = at != NULL ? (size_t)(at - text) : strlen(text);
    size_t size = strlen(text) + strlen(object) + 1;
    char *whole = malloc(size);

    assert_non_null(whole);
    snprintf(whole, size, "%.*s%s%s", (int)before, text, at != NULL ? object : "",
             at != NULL ? at + 1 : "");
    return whole;
}

static dlcore_json_t parsed(const char *text)
{
    dlcore_json_problem_t problem;
    dlcore_json_t value;

    if (!dlcore_json_check(text, strlen(text), &value, &problem))
        fail_msg("byte %zu: %s: %s", problem.at, problem.what, text);
    return value;
}

/* As config_fixtures.py has it. */
static float weight_of(const char *name, size_t i)
{
    size_t spread = (i * 7 + strlen(name) * 3) % 11;
    bool variance = strstr(name, "variance") != NULL;

    return (float)(variance ? 0.5 + 0.125 * (double)spread : 0.0625 * (double)spread - 0.28125);
}

static void set_weights(dlcore_model_t *model)
{
    dlcore_weight_t weight;

    for (size_t i = 0; dlcore_model_weight(model, i, &weight); i++) {
        float *values = malloc(weight.size * sizeof *values);

        assert_non_null(values);
        for (size_t k = 0; k < weight.size; k++)
            values[k] = weight_of(strrchr(weight.name, '/') + 1, k);
        assert_int_equal(dlcore_model_set_weight(model, i, values, weight.size), DLCORE_OK);
        free(values);
    }
}

/* The model of a case, loaded as a file with trained weights would be. */
static dlcore_status make(const fixture_t *fixture, const char *scope, dlcore_model_t *model,
                          dlcore_error_record_t *error)
{
    char from[64];
    const char *object = fixture_text(fixture, scope, "object");
    char *layers, *settings;
    dlcore_compile_options_t how;
    dlcore_json_t config;
    dlcore_config_numbers_t numbers = {.allocator = &model->allocator};
    size_t width;
    dlcore_status status;

    snprintf(from, sizeof from, "template/%s", fixture_text(fixture, scope, "template"));
    layers = filled(fixture_text(fixture, from, "model"), object);
    settings = filled(fixture_text(fixture, from, "compile"), object);
    config = parsed(layers);
    status = dlcore_model_config_read(&config, "file", false, model, &width, error);
    if (status == DLCORE_OK)
        status = dlcore_network_build_unset(&model->network, width, error);
    if (status == DLCORE_OK) {
        set_weights(model);
        config = parsed(settings);
        status = dlcore_compile_config_read(&config, "file", &how, &numbers, error);
    }
    if (status == DLCORE_OK) {
        status = dlcore_model_compile_with(model, &how);
        if (status != DLCORE_OK)
            snprintf(error->message, sizeof error->message, "%s", dlcore_model_error(model));
    }
    dlcore_release(numbers.allocator, numbers.block);
    free(settings);
    free(layers);
    return status;
}

/* ---- numbers ---- */

static bool near(double a, double b)
{
    return fabs(a - b) <= TOLERANCE * (1.0 + fabs(b)) || (isnan(a) && isnan(b));
}

static bool predicts(const dlcore_model_t *model, const dlcore_tensor_t *x,
                     const fixture_array_t *expected)
{
    const float *wanted = fixture_floats(expected), *found;
    dlcore_tensor_t *y = NULL;
    bool same;

    if (expected->rank != 2 || dlcore_model_output_width(model) != expected->shape[1])
        return false;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, expected->shape, &y, NULL),
                     DLCORE_OK);
    same = dlcore_model_predict(model, x, y) == DLCORE_OK;
    found = dlcore_tensor_data(y);
    for (size_t i = 0; i < expected->size && same; i++)
        same = near((double)found[i], (double)wanted[i]);
    dlcore_tensor_free(y);
    return same;
}

static bool evaluates(dlcore_model_t *model, const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                      const fixture_array_t *expected)
{
    dlcore_evaluation_t found;
    const float *wanted = fixture_floats(expected);

    if (dlcore_model_test_on_batch(model, x, y, &found) != DLCORE_OK ||
        found.metric_count + 1 != expected->size || !near(found.loss, (double)wanted[0]))
        return false;
    for (size_t i = 1; i < expected->size; i++) {
        if (!near(found.metrics[i - 1].value, (double)wanted[i]))
            return false;
    }
    return true;
}

static bool trains(dlcore_model_t *model, const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                   const fixture_array_t *expected)
{
    dlcore_fit_options_t how = dlcore_fit_options_default();

    how.batch_size = 6;
    how.epochs = 8;
    how.shuffle = false;
    how.verbose = 0;
    return dlcore_model_fit(model, x, y, &how, NULL) == DLCORE_OK && predicts(model, x, expected);
}

/* An array of the case's template: "x", which most have in common, or "labels". */
static dlcore_tensor_t *tensor_of(const fixture_t *fixture, const char *scope, const char *name)
{
    const fixture_array_t *found;
    char from[64];

    snprintf(from, sizeof from, "template/%s", fixture_text(fixture, scope, "template"));
    found = fixture_find(fixture, from, name);
    return fixture_tensor(found != NULL ? found : fixture_array(fixture, NULL, name));
}

static const char *compare(const fixture_t *fixture, const char *scope, dlcore_model_t *model)
{
    dlcore_tensor_t *x = tensor_of(fixture, scope, "x");
    dlcore_tensor_t *y = tensor_of(fixture, scope, "labels");
    const fixture_array_t *trained = fixture_find(fixture, scope, "trained");
    bool moves = strcmp(fixture_text(fixture, scope, "moves"), "yes") == 0;
    const char *word = moves ? "obeyed" : "no effect";

    if (!predicts(model, x, fixture_array(fixture, scope, "predict")))
        word = "OTHER OUTPUTS";
    else if (!evaluates(model, x, y, fixture_array(fixture, scope, "evaluate")))
        word = "OTHER LOSS";
    else if (trained != NULL && !trains(model, x, y, trained))
        word = "OTHER TRAINING";
    dlcore_tensor_free(y);
    dlcore_tensor_free(x);
    return word;
}

/* ---- verdicts ---- */

/* Whether a message names what is refused: the key, or the class where that is unknown. */
static bool names(const char *message, const char *what)
{
    char class_name[WHAT_SIZE], key[WHAT_SIZE], value[WHAT_SIZE];

    if (sscanf(what, "%127s %127s %127s", class_name, key, value) < 2)
        return false;
    return (strcmp(key, "-") != 0 && strstr(message, key) != NULL) ||
           strstr(message, class_name) != NULL || strstr(message, value) != NULL;
}

static verdict_t verdict_of(const fixture_t *fixture, const char *scope, const char *what)
{
    dlcore_error_record_t error = {0};
    dlcore_model_t *model = NULL;
    verdict_t verdict = {.word = "refused"};

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    if (make(fixture, scope, model, &error) == DLCORE_OK)
        verdict.word = compare(fixture, scope, model);
    else if (!names(error.message, what))
        verdict.word = "REFUSED WITHOUT A NAME";
    memcpy(verdict.message, error.message, sizeof verdict.message);
    dlcore_model_free(model);
    return verdict;
}

static FILE *open_verdicts(void)
{
    FILE *file = fopen(DLCORE_FIXTURES "/config_verdicts.txt", "r");

    assert_non_null(file);
    return file;
}

static void test_config_keys_every_one_is_obeyed_or_refused_by_name(void **state)
{
    fixture_t *fixture = fixture_load("configs.txt");
    const char *path = getenv("DLCORE_CONFIG_VERDICTS"), *scope;
    FILE *listed = path == NULL ? open_verdicts() : NULL;
    FILE *written = path != NULL ? fopen(path, "w") : NULL;
    size_t position = 0, wrong = 0, count = 0;

    (void)state;
    while ((scope = fixture_next(fixture, "what", &position)) != NULL) {
        char what[WHAT_SIZE], line[LINE_SIZE], expected[LINE_SIZE] = "";
        verdict_t verdict;

        snprintf(what, sizeof what, "%s", fixture_text(fixture, scope, "what"));
        verdict = verdict_of(fixture, scope, what);
        snprintf(line, sizeof line, "%-70s %s", what, verdict.word);
        count++;
        if (written != NULL) {
            fprintf(written, "%s\n", line);
            continue;
        }
        do /* past comments */
            expected[0] = '\0';
        while (fgets(expected, sizeof expected, listed) != NULL && expected[0] == '#');
        expected[strcspn(expected, "\n")] = '\0';
        if (strcmp(line, expected) != 0) {
            print_error("happens: %s (%s)\nlisted:  %s\n", line, verdict.message, expected);
            wrong++;
        }
    }
    if (listed != NULL)
        fclose(listed);
    if (written != NULL)
        fclose(written);
    fixture_free(fixture);
    assert_true(count > 500);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_keys_every_one_is_obeyed_or_refused_by_name),
    };

    return cmocka_run_group_tests_name("config_keys", tests, NULL, NULL);
}
