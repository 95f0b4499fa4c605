/* A model that is wrong is refused by the first call that can know it, in whatever order it was put
 * together; and what can be saved can be loaded, as what it was.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/models.h"

enum { INPUTS = 2, LOSSES = LOSS_QUANTILE, METRICS = METRIC_CONCORDANCE_CORRELATION };

/* ---- putting a model together ---- */

typedef struct part {
    layer_t layer; /* the only one */
    compile_options_t settings;
} part_t;

static part_t part_of(loss_kind_t loss, metric_t metric, size_t units, bool weighted)
{
    part_t part = {.layer = layer_dense(units, ACTIVATION_SIGMOID),
                   .settings = compile_options_default()};

    part.settings.loss = loss_default(loss);
    if (weighted) {
        part.settings.weighted_metrics[0] = metric;
        part.settings.weighted_metric_count = 1;
    } else {
        part.settings.metrics[0] = metric;
        part.settings.metric_count = 1;
    }
    return part;
}

/* Calls, by letter:
 *     a  add          A  add with its width   c  compile  b  build   d  adapt, a layer in front
 *     t  train_on_batch                       k  the clone goes on   s  save and load, and go on
 * Stops at the first that fails; *failed is then its letter, else 0. */
typedef struct outcome {
    dlcore_status status;
    char failed;
    char message[256];
    model_t *model; /* NULL when it failed */
} outcome_t;

static dlcore_status train(model_t *model, const part_t *part)
{
    const float x[INPUTS] = {0.25f, 0.5f}, y[8] = {0, 1};
    const int32_t label = 0;
    const size_t one = 1, units = part->layer.units;
    tensor_t *x_tensor = borrow_floats(x, 1, INPUTS), *y_tensor = NULL;
    bool classes = part->settings.loss.kind == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    dlcore_status status;

    if (classes)
        assert_int_equal(
            tensor_borrow_const(NULL, DTYPE_INT32, 1, &one, &label, 0, &y_tensor, NULL), DLCORE_OK);
    else
        y_tensor = borrow_floats(y, 1, units);
    status = model_train_on_batch(model, x_tensor, y_tensor, NULL);
    tensor_free(x_tensor);
    tensor_free(y_tensor);
    return status;
}

static dlcore_status adapt(model_t *model)
{
    const float x[2 * INPUTS] = {1, 2, 3, 5};
    tensor_t *tensor = borrow_floats(x, 2, INPUTS);
    dlcore_status status = model_adapt(model, 0, tensor);

    tensor_free(tensor);
    return status;
}

static dlcore_status go_on_as_clone(model_t **model)
{
    model_t *clone = NULL;
    dlcore_status status = model_clone(*model, &clone);

    if (status != DLCORE_OK)
        return status;
    model_free(*model);
    *model = clone;
    return DLCORE_OK;
}

/* Saving and loading must not differ in what they take; nor may the second file from the first. */
static dlcore_status go_on_as_loaded(model_t **model, error_record_t *error)
{
    save_options_t how = save_options_default();
    load_options_t ask = load_options_default();
    void *bytes = NULL, *again = NULL;
    size_t size = 0, size_again = 0;
    model_t *loaded = NULL;
    dlcore_status status;

    how.error = ask.error = error;
    status = model_save_memory(*model, &how, &bytes, &size);
    if (status != DLCORE_OK)
        return status;
    status = model_load_memory(bytes, size, &ask, &loaded);
    if (status != DLCORE_OK)
        fail_msg("saved, and not loaded: %s", error->message);
    assert_int_equal(model_save_memory(loaded, &how, &again, &size_again), DLCORE_OK);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, again, size);
    free(bytes);
    free(again);
    model_free(*model);
    *model = loaded;
    return DLCORE_OK;
}

static dlcore_status call(model_t **model, const part_t *part, char letter, error_record_t *error)
{
    layer_t layer = part->layer;

    switch (letter) {
    case 'A':
        layer.input_width = INPUTS;
        return model_add(*model, layer);
    case 'a':
        return model_add(*model, layer);
    case 'n':
        return model_add(*model, layer_normalization());
    case 'c':
        return model_compile_with(*model, &part->settings);
    case 'b':
        return model_build(*model, INPUTS);
    case 'd':
        return adapt(*model);
    case 't':
        return train(*model, part);
    case 'k':
        return go_on_as_clone(model);
    default:
        return go_on_as_loaded(model, error);
    }
}

static outcome_t run(const part_t *part, const char *calls)
{
    outcome_t outcome = {0};

    assert_int_equal(model_create(NULL, &outcome.model), DLCORE_OK);
    for (; *calls != '\0'; calls++) {
        error_record_t error = {0};

        outcome.status = call(&outcome.model, part, *calls, &error);
        if (outcome.status == DLCORE_OK)
            continue;
        outcome.failed = *calls;
        snprintf(outcome.message, sizeof outcome.message, "%s", model_error(outcome.model));
        model_free(outcome.model);
        outcome.model = NULL;
        return outcome;
    }
    return outcome;
}

/* ---- metrics that do not fit ---- */

/* When the number of units is known at once, it is known as the model is compiled; else metrics
 * that never fit are, and the others as the model is built, by whatever call. */
static void check_orders(const part_t *part)
{
    static const char *const orders[] = {
        "abc", "abcs", "abckst", "acb",   "acbs",  "ackbs", "akcbst", "act",    "actsk",
        "Ac",  "Acs",  "Ackt",   "nacds", "nacdk", "nadcs", "nacb",   "nabcst", "nabckds",
    };
    part_t never = *part;
    bool ok = true, ever = true;

    for (size_t units = 1; units <= 5; units += 4) { /* whether it fits some layer */
        outcome_t outcome;

        never.layer.units = units;
        outcome = run(&never, "Ac");
        ever = units == 1 ? outcome.status == DLCORE_OK : ever || outcome.status == DLCORE_OK;
        model_free(outcome.model);
    }
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        outcome_t outcome = run(part, orders[i]);
        const char *compile = strchr(orders[i], 'c');
        bool knows = compile != orders[i] && strpbrk(orders[i], "bdA") != NULL &&
                     strpbrk(orders[i], "bdA") < compile;

        if (i == 0)
            ok = outcome.status == DLCORE_OK;
        if (ok != (outcome.status == DLCORE_OK))
            fail_msg("loss %s, metric %s, %zu units: \"%s\" %s at '%c' (%s), \"%s\" does not agree",
                     loss_name(part->settings.loss.kind),
                     metric_name(part->settings.metric_count > 0
                                     ? part->settings.metrics[0].kind
                                     : part->settings.weighted_metrics[0].kind),
                     part->layer.units, orders[i], ok ? "fails" : "does not fail", outcome.failed,
                     outcome.message, orders[0]);
        if (!ok && (knows || !ever))
            assert_int_equal(outcome.failed, 'c');
        if (!ok && !knows && ever)
            assert_true(strchr("btd", outcome.failed) != NULL);
        if (!ok)
            assert_true(outcome.message[0] != '\0');
        model_free(outcome.model);
    }
}

static void test_call_orders_agree_on_losses_and_metrics(void **state)
{
    size_t refused = 0;

    (void)state;
    for (int loss = 1; loss <= LOSSES; loss++) {
        for (int kind = 1; kind <= METRICS; kind++) {
            for (size_t units = 1; units <= 3; units += 2) {
                metric_t metric = metric_default((metric_kind_t)kind);
                part_t part = part_of((loss_kind_t)loss, metric, units, kind % 2 == 0);
                outcome_t outcome = run(&part, "abc");

                refused += outcome.status != DLCORE_OK;
                model_free(outcome.model);
                check_orders(&part);
            }
        }
    }
    assert_true(refused > 50);
}

/* Settings of metrics that fit some numbers of units only. */
static void test_call_orders_agree_on_units_of_metrics(void **state)
{
    (void)state;
    for (size_t units = 1; units <= 3; units += 2) {
        for (int class_id = 0; class_id <= 3; class_id++) {
            metric_t metric = metric_default(METRIC_PRECISION);
            part_t part;

            metric.class_id = class_id;
            part = part_of(LOSS_BINARY_CROSSENTROPY, metric, units, false);
            check_orders(&part);
            metric = metric_default(METRIC_RECALL);
            metric.top_k = (size_t)class_id;
            part = part_of(LOSS_CATEGORICAL_CROSSENTROPY, metric, units, true);
            check_orders(&part);
        }
    }
}

/* A model that build refuses is as before: another compile makes it right. */
static void test_call_orders_refused_by_build_is_mended_by_compile(void **state)
{
    metric_t metric = metric_default(METRIC_PRECISION);
    part_t part;
    model_t *model = NULL;

    (void)state;
    metric.class_id = 3;
    part = part_of(LOSS_BINARY_CROSSENTROPY, metric, 2, false);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, part.layer));
    assert_accepted(model, model_compile_with(model, &part.settings));
    assert_int_equal(model_build(model, INPUTS), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(model_error(model),
                        "precision: class_id must lie in 0 .. 1, or be -1, got 3");
    assert_int_equal(model_parameter_count(model), 0);
    part.settings.metrics[0].class_id = 1;
    assert_accepted(model, model_compile_with(model, &part.settings));
    assert_accepted(model, model_build(model, INPUTS));
    model_free(model);
}

/* ---- settings at their ends ---- */

static void check_kept(const part_t *part)
{
    outcome_t outcome = run(part, "Actsts");

    if (outcome.status != DLCORE_OK)
        fail_msg("'%c': %s", outcome.failed, outcome.message);
    model_free(outcome.model);
}

/* Refused by compile, or saved, loaded and saved again to the same bytes. */
static void test_call_orders_save_and_load_settings_of_optimizers_at_their_ends(void **state)
{
    static const double ends[] = {0,          DBL_MIN, 1e-45, (double)FLT_MIN, 1e-7,   0.1,
                                  0.99999999, 1,       1.5,   (double)FLT_MAX, DBL_MAX};
    static const uint64_t counts[] = {0, 1, 2, 9007199254740993u, UINT64_MAX};
    enum { ENDS = sizeof ends / sizeof *ends, COUNTS = sizeof counts / sizeof *counts };
    size_t taken = 0;

    (void)state;
    for (int kind = 1; kind <= OPTIMIZER_FTRL; kind++) {
        for (size_t i = 0; i < 12 * ENDS + 2 * COUNTS; i++) {
            part_t part = part_of(LOSS_MEAN_SQUARED_ERROR,
                                  metric_default(METRIC_MEAN_ABSOLUTE_ERROR), 1, false);
            optimizer_t *o = &part.settings.optimizer;
            double *const members[] = {&o->learning_rate,
                                       &o->momentum,
                                       &o->rho,
                                       &o->epsilon,
                                       &o->beta_1,
                                       &o->beta_2,
                                       &o->clipnorm,
                                       &o->initial_accumulator_value,
                                       &o->clipvalue,
                                       &o->weight_decay,
                                       &o->global_clipnorm,
                                       &o->ema_momentum};
            outcome_t outcome;

            *o = optimizer_from_name(optimizer_name((optimizer_kind_t)kind));
            o->use_ema = i % 2 == 0;
            if (i < 12 * ENDS)
                *members[i / ENDS] = ends[i % ENDS];
            else if (i < 12 * ENDS + COUNTS)
                o->ema_overwrite_frequency = counts[i - 12 * ENDS];
            else
                o->gradient_accumulation_steps = counts[i - 12 * ENDS - COUNTS];
            outcome = run(&part, "Acs");
            if (outcome.status == DLCORE_OK)
                taken++;
            else
                assert_int_equal(outcome.failed, 'c');
            model_free(outcome.model);
        }
    }
    assert_true(taken > 500);
}

static void test_call_orders_save_and_load_schedules_at_their_ends(void **state)
{
    static const uint64_t steps[] = {1, 2, 9007199254740993u, UINT64_MAX};
    const double values[3] = {0.5, 0, (double)FLT_MAX};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const uint64_t boundaries[2] = {steps[i] - 1, steps[i]};
        schedule_t schedules[] = {
            schedule_exponential_decay(0.1, steps[i], 1e-300),
            schedule_inverse_time_decay(0, steps[i], 0.1),
            schedule_polynomial_decay(0.1, steps[i]),
            schedule_cosine_decay(1e-300, steps[i]),
            schedule_cosine_decay_restarts(0.1, steps[i]),
            schedule_piecewise_constant_decay(boundaries, values, 2),
        };

        schedules[3].has_warmup = true;
        schedules[3].warmup_steps = steps[3 - i];
        for (size_t k = 0; k < sizeof schedules / sizeof *schedules; k++) {
            part_t part = part_of(LOSS_MEAN_SQUARED_ERROR,
                                  metric_default(METRIC_MEAN_ABSOLUTE_ERROR), 1, false);

            part.settings.optimizer.schedule = schedules[k];
            check_kept(&part);
        }
    }
}

static void test_call_orders_save_and_load_metrics_and_losses_at_their_ends(void **state)
{
    static const char *const names[] = {
        "a \"b\" \\ {}", "\xc3\xa4\xe2\x82\xac", "losses", "1e5", "accuracy", "optimizer"};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        metric_t metric = metric_default(METRIC_PRECISION);
        part_t part;

        snprintf(metric.name, sizeof metric.name, "%s", names[i]);
        metric.threshold = i % 2 == 0 ? 1e-300 : 1.0;
        part = part_of(LOSS_BINARY_CROSSENTROPY, metric, 1, i % 2 == 0);
        part.settings.loss.label_smoothing = i % 2 == 0 ? 1.0 : 1e-300;
        snprintf(part.layer.name, sizeof part.layer.name, "%s", i == 0 ? "run" : names[i]);
        check_kept(&part);
        metric = metric_default(METRIC_TOP_K_CATEGORICAL_ACCURACY);
        metric.top_k = i % 2 == 0 ? SIZE_MAX : 1;
        part = part_of(LOSS_CATEGORICAL_CROSSENTROPY, metric, 3, false);
        part.settings.loss.reduction = (reduction_t)(i % 3);
        check_kept(&part);
        metric = metric_default(METRIC_AUC);
        metric.num_thresholds = i % 2 == 0 ? 2 : DLCORE_METRIC_THRESHOLDS_MAX;
        metric.curve = (curve_t)(i % 2);
        part = part_of(LOSS_HUBER, metric, 1, false);
        part.settings.loss.delta = i % 2 == 0 ? (double)FLT_MIN : (double)FLT_MAX;
        check_kept(&part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_orders_agree_on_losses_and_metrics),
        cmocka_unit_test(test_call_orders_agree_on_units_of_metrics),
        cmocka_unit_test(test_call_orders_refused_by_build_is_mended_by_compile),
        cmocka_unit_test(test_call_orders_save_and_load_settings_of_optimizers_at_their_ends),
        cmocka_unit_test(test_call_orders_save_and_load_schedules_at_their_ends),
        cmocka_unit_test(test_call_orders_save_and_load_metrics_and_losses_at_their_ends),
    };

    return cmocka_run_group_tests_name("call_orders", tests, NULL, NULL);
}
