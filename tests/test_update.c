/* Ways of updating: the same bits at any number of threads, penalties in losses and gradients,
 * learning rates that change, groups of steps, and what files keep.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/failing_allocator.h"

enum { ROWS = 96, INPUTS = 150, CLASSES = 7, SMALL = 5 };

/* ---- models and data ---- */

/* Optimizers that update in every way there is. */
static dlcore_optimizer_t way(size_t index)
{
    dlcore_optimizer_t o = dlcore_optimizer_adam();

    switch (index) {
    case 0: /* the rule alone */
        break;
    case 1: /* at once, with more */
        o = dlcore_optimizer_adagrad();
        o.clipvalue = 0.001;
        o.weight_decay = 0.01;
        o.weight_decay_excludes_bias = true;
        o.use_ema = true;
        o.ema_overwrite_frequency = 2;
        break;
    case 2:
        o.clipnorm = 0.01;
        o.weight_decay = 0.01;
        break;
    case 3:
        o = dlcore_optimizer_nadam();
        o.global_clipnorm = 0.05;
        o.gradient_accumulation_steps = 2;
        o.use_ema = true;
        o.schedule = dlcore_schedule_cosine_decay(0.01, 100);
        break;
    default:
        o = dlcore_optimizer_sgd();
        o.gradient_accumulation_steps = 3;
        o.clipvalue = 0.01;
        break;
    }
    return o;
}
enum { WAYS = 5 };

static void accept(const dlcore_model_t *model, dlcore_status status)
{
    if (status != DLCORE_OK)
        fail_msg("%s: %s", dlcore_status_name(status), dlcore_model_error(model));
}

/* Built and compiled. `trained`: with regularizers and constraints. */
static dlcore_model_t *model_of(const dlcore_model_options_t *options, bool small, bool trained,
                                const dlcore_optimizer_t *optimizer)
{
    dlcore_layer_t hidden = dlcore_layer_dense(small ? 6 : 400, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t last = dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX);
    dlcore_model_t *model = NULL;

    if (trained) {
        hidden.kernel_regularizer = dlcore_regularizer_l1_l2(1e-4, 1e-3);
        last.bias_regularizer = dlcore_regularizer_l2(1e-2);
        hidden.kernel_constraint = dlcore_constraint_max_norm(1.0);
        hidden.bias_constraint = dlcore_constraint_non_neg();
        last.kernel_constraint = dlcore_constraint_min_max_norm(0.5, 1.5);
        last.bias_constraint = dlcore_constraint_unit_norm();
    }
    if (dlcore_model_create(options, &model) != DLCORE_OK)
        return NULL;
    accept(model, dlcore_model_add(model, hidden));
    accept(model, dlcore_model_add(model, last));
    accept(model, dlcore_model_build(model, small ? SMALL : INPUTS));
    accept(model,
           dlcore_model_compile(model, optimizer, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                DLCORE_METRIC_NONE));
    return model;
}

typedef struct data {
    dlcore_tensor_t *x, *y;
} data_t;

static data_t make_data(size_t rows, size_t inputs)
{
    data_t data = {NULL, NULL};
    float *x;
    int32_t *y;

    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, inputs},
                                          &data.x, NULL),
                     DLCORE_OK);
    assert_int_equal(
        dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, 1, (size_t[]){rows}, &data.y, NULL),
        DLCORE_OK);
    x = dlcore_tensor_data(data.x);
    y = dlcore_tensor_data(data.y);
    for (size_t i = 0; i < rows * inputs; i++)
        x[i] = (float)((i * 7919) % 1009) / 504.0f - 1.0f;
    for (size_t i = 0; i < rows; i++)
        y[i] = (int32_t)(i * 31 % CLASSES);
    return data;
}

static void free_data(data_t *data)
{
    dlcore_tensor_free(data->x);
    dlcore_tensor_free(data->y);
}

static float *weights_of(const dlcore_model_t *model)
{
    size_t count = dlcore_model_parameter_count(model);
    float *weights = malloc(count * sizeof *weights);

    assert_non_null(weights);
    accept(model, dlcore_model_get_weights(model, weights, count));
    return weights;
}

static void assert_same_weights(const dlcore_model_t *a, const dlcore_model_t *b)
{
    float *x = weights_of(a), *y = weights_of(b);

    assert_memory_equal(x, y, dlcore_model_parameter_count(a) * sizeof *x);
    free(x);
    free(y);
}

static void assert_other_weights(const dlcore_model_t *a, const dlcore_model_t *b)
{
    float *x = weights_of(a), *y = weights_of(b);

    assert_memory_not_equal(x, y, dlcore_model_parameter_count(a) * sizeof *x);
    free(x);
    free(y);
}

/* `epochs` of two batches, in order. */
static void fit(dlcore_model_t *model, const data_t *data, size_t epochs)
{
    dlcore_fit_options_t how = dlcore_fit_options_default();

    how.epochs = epochs;
    how.shuffle = false;
    how.batch_size = ROWS / 2;
    accept(model, dlcore_model_fit(model, data->x, data->y, &how, NULL));
}

/* ---- threads ---- */

static void check_threads(dlcore_engine_t engine)
{
    static const size_t threads[] = {1, 2, 3, 4, 8};
    data_t data = make_data(ROWS, INPUTS);

    for (size_t i = 0; i < WAYS; i++) {
        dlcore_optimizer_t optimizer = way(i);
        dlcore_model_t *alone = NULL;

        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            dlcore_model_options_t options = dlcore_model_options_default();
            dlcore_model_t *model;

            options.engine = engine;
            options.threads = threads[t];
            model = model_of(&options, false, true, &optimizer);
            if (model == NULL)
                break;
            fit(model, &data, 2);
            if (alone != NULL)
                assert_same_weights(alone, model);
            if (t > 0)
                dlcore_model_free(model);
            else
                alone = model;
        }
        dlcore_model_free(alone);
    }
    free_data(&data);
}

static void test_update_bits_are_the_same_at_any_number_of_threads(void **state)
{
    (void)state;
    check_threads(DLCORE_ENGINE_BLAS);
    check_threads(DLCORE_ENGINE_NATIVE);
}

/* Keeping gradients, and taking them in pieces, are other ways to the same bits. */
static void test_update_limits_that_are_not_reached_change_no_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        data_t data = make_data(ROWS, i % 2 == 0 ? INPUTS : SMALL);
        dlcore_optimizer_t plain = dlcore_optimizer_rmsprop(), limited = plain;
        dlcore_model_t *a, *b;

        if (i / 2 == 0)
            limited.clipnorm = 1e30;
        else if (i / 2 == 1)
            limited.global_clipnorm = 1e30;
        else if (i / 2 == 2)
            limited.clipvalue = 1e30;
        else
            limited.weight_decay = 1e-30;
        a = model_of(NULL, i % 2 == 1, false, &plain);
        b = model_of(NULL, i % 2 == 1, false, &limited);
        fit(a, &data, 3);
        fit(b, &data, 3);
        assert_same_weights(a, b);
        dlcore_model_free(a);
        dlcore_model_free(b);
        free_data(&data);
    }
}

/* ---- penalties ---- */

static void check_penalty(bool small)
{
    data_t data = make_data(ROWS, small ? SMALL : INPUTS);
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();
    dlcore_model_t *plain = model_of(NULL, small, false, &optimizer);
    dlcore_model_t *penalised = model_of(NULL, small, true, &optimizer);
    size_t count = dlcore_model_parameter_count(plain);
    size_t kernel = (small ? SMALL * 6u : INPUTS * 400u);
    float *weights = weights_of(plain), *g = calloc(2 * count, sizeof *g), *h = g + count;
    double loss, more, penalty = 0.0;
    dlcore_evaluation_t result;

    assert_non_null(g);
    for (size_t i = count - CLASSES; i < count; i++)
        weights[i] = 0.25f; /* the last bias */
    weights[3] = 0.0f;      /* which has no sign */
    accept(plain, dlcore_model_set_weights(plain, weights, count));
    accept(penalised, dlcore_model_set_weights(penalised, weights, count));
    accept(plain, dlcore_model_gradients(plain, data.x, data.y, g, count, &loss));
    accept(penalised, dlcore_model_gradients(penalised, data.x, data.y, h, count, &more));
    for (size_t i = 0; i < count; i++) {
        double w = (double)weights[i], slope = 0.0;

        if (i < kernel) {
            penalty += 1e-4 * fabs(w) + 1e-3 * w * w;
            slope = 1e-4 * (w > 0.0 ? 1.0 : w < 0.0 ? -1.0 : 0.0) + 2e-3 * w;
        } else if (i >= count - CLASSES) {
            penalty += 1e-2 * w * w;
            slope = 2e-2 * w;
        }
        if (!(fabs((double)h[i] - (double)g[i] - slope) <= 1e-7))
            fail_msg("gradient %zu: %g - %g is not %g", i, (double)h[i], (double)g[i], slope);
    }
    assert_true(penalty > 0.005 && fabs(more - loss - penalty) < 1e-6 * more);
    assert_int_equal(dlcore_model_evaluate(penalised, data.x, data.y, NULL, &result), DLCORE_OK);
    assert_true(fabs(result.loss - more) < 1e-6 * more);
    accept(penalised, dlcore_model_train_on_batch(penalised, data.x, data.y, &result));
    assert_true(fabs(result.loss - more) < 1e-6 * more);
    free(weights);
    free(g);
    dlcore_model_free(plain);
    dlcore_model_free(penalised);
    free_data(&data);
}

static void test_update_penalties_are_in_gradients_and_in_every_loss(void **state)
{
    (void)state;
    check_penalty(false);
    check_penalty(true);
}

static void test_update_bad_regularizers_and_constraints_are_named(void **state)
{
    static const char *const messages[] = {
        "d: kernel_regularizer: l1 must lie in 0 .. ", "d: bias_regularizer: l2 must lie in 0 .. ",
        "d: kernel_constraint: kind 5 is unknown",     "d: bias_constraint: max_value must lie in",
        "d: kernel_constraint: min_value must lie in", "d: kernel_constraint: rate must lie in 0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_t *model = NULL;

        layer.name[0] = 'd';
        if (i == 0)
            layer.kernel_regularizer.l1 = -1.0;
        else if (i == 1)
            layer.bias_regularizer.l2 = (double)NAN;
        else if (i == 2)
            layer.kernel_constraint = dlcore_constraint_from_name("maximum");
        else if (i == 3)
            layer.bias_constraint = dlcore_constraint_max_norm(-1.0);
        else
            layer.kernel_constraint = dlcore_constraint_min_max_norm(i == 4 ? 2.0 : 0.0, 1.0);
        if (i == 5)
            layer.kernel_constraint.rate = 1.5;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        assert_int_equal(dlcore_model_add(model, layer), DLCORE_ERROR_ARGUMENT);
        assert_non_null(strstr(dlcore_model_error(model), messages[i]));
        dlcore_model_free(model);
    }
    assert_string_equal(dlcore_constraint_name(DLCORE_CONSTRAINT_MIN_MAX_NORM), "min_max_norm");
    assert_string_equal(dlcore_constraint_name(DLCORE_CONSTRAINT_UNKNOWN), "unknown");
    assert_true(dlcore_constraint_from_name("MAX_NORM").max_value == 2.0);
    assert_int_equal(dlcore_constraint_from_name("non_neg").kind, DLCORE_CONSTRAINT_NON_NEG);
    assert_int_equal(dlcore_constraint_from_name("unit_norm").kind, DLCORE_CONSTRAINT_UNIT_NORM);
    assert_true(dlcore_constraint_from_name("min_max_norm").rate == 1.0);
}

static void test_update_decay_may_leave_biases_out(void **state)
{
    data_t data = make_data(ROWS, SMALL);
    dlcore_optimizer_t with = dlcore_optimizer_sgd(), without;
    dlcore_model_t *a, *b;
    float *x, *y;
    size_t last;

    (void)state;
    with.weight_decay = 0.5;
    without = with;
    without.weight_decay_excludes_bias = true;
    a = model_of(NULL, true, false, &with);
    b = model_of(NULL, true, false, &without);
    x = weights_of(a);
    last = dlcore_model_parameter_count(a) - 1;
    x[last] = 1.0f;
    accept(a, dlcore_model_set_weights(a, x, last + 1));
    accept(b, dlcore_model_set_weights(b, x, last + 1));
    free(x);
    accept(a, dlcore_model_train_on_batch(a, data.x, data.y, NULL));
    accept(b, dlcore_model_train_on_batch(b, data.x, data.y, NULL));
    x = weights_of(a);
    y = weights_of(b);
    assert_memory_equal(x, y, SMALL * 6 * sizeof *x);
    assert_true(fabs((double)y[last] - (double)x[last] - 0.005) < 1e-6);
    free(x);
    free(y);
    dlcore_model_free(a);
    dlcore_model_free(b);
    free_data(&data);
}

/* Whatever an update does besides the rule, it leaves a frozen layer alone. */
static void test_update_frozen_layer_stays_in_every_way(void **state)
{
    data_t data = make_data(ROWS, INPUTS);
    const size_t kernel = INPUTS * 400, frozen = kernel + 400;

    (void)state;
    for (size_t i = 0; i < WAYS; i++) {
        dlcore_optimizer_t optimizer = way(i);
        dlcore_model_t *model = model_of(NULL, false, true, &optimizer);
        float *before = weights_of(model), *after;
        dlcore_evaluation_t result;
        double loss;

        accept(model, dlcore_model_set_trainable(model, 0, false));
        fit(model, &data, 3);
        after = weights_of(model);
        assert_memory_equal(before, after, frozen * sizeof *before);
        assert_memory_not_equal(before + frozen, after + frozen, 400 * CLASSES * sizeof *before);
        assert_int_equal(dlcore_model_evaluate(model, data.x, data.y, NULL, &result), DLCORE_OK);
        accept(model, dlcore_model_gradients(model, data.x, data.y, before,
                                             dlcore_model_parameter_count(model), &loss));
        assert_true(fabs(result.loss - loss) < 1e-6 * loss);
        for (size_t j = 0; j < frozen; j++)
            assert_true(before[j] == 0.0f);
        free(before);
        free(after);
        dlcore_model_free(model);
    }
    free_data(&data);
}

/* With a learning rate of 0, so that an average can only be the weights. */
static void test_update_average_of_a_layer_begins_when_it_is_no_longer_frozen(void **state)
{
    data_t data = make_data(ROWS, INPUTS);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    float *before, *after;

    (void)state;
    sgd.learning_rate = 0.0;
    sgd.use_ema = true;
    model = model_of(NULL, false, false, &sgd);
    before = weights_of(model);
    accept(model, dlcore_model_set_trainable(model, 0, false));
    fit(model, &data, 1);
    for (size_t i = 0; i < dlcore_model_parameter_count(model); i++)
        before[i] += 1.0f;
    accept(model, dlcore_model_set_weights(model, before, dlcore_model_parameter_count(model)));
    accept(model, dlcore_model_set_trainable(model, 0, true));
    fit(model, &data, 1);
    after = weights_of(model);
    for (size_t i = 0; i < (INPUTS + 1) * 400; i++)
        assert_true(fabsf(after[i] - before[i]) < 1e-5f);
    free(before);
    free(after);
    dlcore_model_free(model);
    free_data(&data);
}

/* ---- learning rates ---- */

static dlcore_callback_action_t stop_learning(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    assert_int_equal(dlcore_model_set_learning_rate(event->model, 0.0), DLCORE_OK);
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_update_learning_rate_set_by_a_callback_counts_from_the_next_step(void **state)
{
    (void)state;
    for (size_t small = 0; small < 2; small++) {
        data_t data = make_data(ROWS, small ? SMALL : INPUTS);
        dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
        dlcore_model_t *a = model_of(NULL, small, false, &sgd);
        dlcore_model_t *b = model_of(NULL, small, false, &sgd);
        dlcore_callback_t callback = {.on_batch_end = stop_learning};
        dlcore_fit_options_t how = dlcore_fit_options_default();

        how.shuffle = false;
        how.batch_size = ROWS;
        accept(a, dlcore_model_fit(a, data.x, data.y, &how, NULL));
        how.epochs = 3;
        how.callbacks = &callback;
        how.callback_count = 1;
        accept(b, dlcore_model_fit(b, data.x, data.y, &how, NULL));
        assert_same_weights(a, b);
        assert_true(dlcore_model_learning_rate(b) == 0.0);
        accept(b, dlcore_model_set_learning_rate(b, 0.5));
        assert_true(dlcore_model_learning_rate(b) == 0.5);
        accept(b, dlcore_model_train_on_batch(b, data.x, data.y, NULL));
        assert_other_weights(a, b);
        dlcore_model_free(a);
        dlcore_model_free(b);
        free_data(&data);
    }
}

static void test_update_learning_rate_misuse_is_refused(void **state)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_true(isnan(dlcore_model_learning_rate(model)));
    assert_true(isnan(dlcore_model_learning_rate(NULL)));
    assert_int_equal(dlcore_model_set_learning_rate(model, 0.1), DLCORE_ERROR_STATE);
    assert_int_equal(dlcore_model_set_learning_rate(NULL, 0.1), DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
    model = model_of(NULL, true, false, &sgd);
    assert_int_equal(dlcore_model_set_learning_rate(model, -1.0), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "learning_rate must lie in 0 .. "));
    assert_non_null(strstr(dlcore_model_error(model), "got -1"));
    assert_true(dlcore_model_learning_rate(model) == 0.01);
    dlcore_model_free(model);
    sgd.schedule = dlcore_schedule_exponential_decay(0.5, 1, 0.5);
    model = model_of(NULL, true, false, &sgd);
    assert_int_equal(dlcore_model_set_learning_rate(model, 0.1), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(model), "has a schedule"));
    dlcore_model_free(model);
}

static void test_update_schedule_counts_steps_until_compiled_again(void **state)
{
    data_t data = make_data(ROWS, SMALL);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model;
    float *x = dlcore_tensor_data(data.x);

    (void)state;
    sgd.schedule = dlcore_schedule_exponential_decay(0.5, 1, 0.5);
    model = model_of(NULL, true, false, &sgd);
    assert_true(dlcore_model_learning_rate(model) == 0.5);
    fit(model, &data, 1);
    accept(model, dlcore_model_train_on_batch(model, data.x, data.y, NULL));
    assert_true(dlcore_model_learning_rate(model) == 0.0625);
    x[0] = (float)NAN; /* a step that does not come to its end does not count */
    assert_int_equal(dlcore_model_train_on_batch(model, data.x, data.y, NULL),
                     DLCORE_ERROR_NOT_FINITE);
    assert_true(dlcore_model_learning_rate(model) == 0.0625);
    accept(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                       DLCORE_METRIC_NONE));
    assert_true(dlcore_model_learning_rate(model) == 0.5);
    dlcore_model_free(model);
    free_data(&data);
}

typedef struct asked {
    uint64_t next;
    uint64_t bad; /* at which step the rate is no rate */
} asked_t;

static double ask(void *user, uint64_t step)
{
    asked_t *asked = user;

    assert_int_equal(step, asked->next);
    asked->next++;
    return step == asked->bad ? (double)NAN : 0.01 * (double)(step + 1);
}

static void test_update_function_is_asked_once_a_step_and_may_fail(void **state)
{
    data_t data = make_data(ROWS, SMALL);
    asked_t asked = {.bad = 3};
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_model_t *model, *same;

    (void)state;
    sgd.schedule = dlcore_schedule_function(ask, &asked);
    model = model_of(NULL, true, false, &sgd);
    how.batch_size = ROWS / 2;
    how.shuffle = false;
    how.epochs = 2;
    assert_int_equal(dlcore_model_fit(model, data.x, data.y, &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "got nan for step 3"));
    assert_int_equal(asked.next, 4);
    /* three steps were made */
    sgd.schedule = dlcore_schedule_piecewise_constant_decay((uint64_t[]){0, 1, 2},
                                                            (double[]){0.01, 0.02, 0.03, 0.0}, 3);
    same = model_of(NULL, true, false, &sgd);
    accept(same, dlcore_model_fit(same, data.x, data.y, &how, NULL));
    assert_same_weights(model, same);
    dlcore_model_free(same);
    dlcore_model_free(model);
    free_data(&data);
}

/* ---- groups of steps ---- */

static void test_update_incomplete_group_waits_for_the_next_call(void **state)
{
    (void)state;
    for (size_t small = 0; small < 2; small++) {
        data_t data = make_data(ROWS, small ? SMALL : INPUTS);
        dlcore_optimizer_t optimizer = way(4);
        dlcore_model_t *once = model_of(NULL, small, true, &optimizer);
        dlcore_model_t *twice = model_of(NULL, small, true, &optimizer);
        dlcore_model_t *start = NULL;

        fit(once, &data, 3);
        fit(twice, &data, 1);
        assert_int_equal(dlcore_model_clone(twice, &start), DLCORE_OK);
        fit(twice, &data, 2);
        assert_same_weights(once, twice);
        assert_other_weights(start, twice);
        dlcore_model_free(start);
        dlcore_model_free(once);
        dlcore_model_free(twice);
        free_data(&data);
    }
}

/* ---- files ---- */

static void save(const dlcore_model_t *model, void **bytes, size_t *size)
{
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_error_record_t error = {0};

    how.error = &error;
    if (dlcore_model_save_memory(model, &how, bytes, size) != DLCORE_OK)
        fail_msg("%s", error.message);
}

static dlcore_schedule_t schedule_of(size_t index)
{
    dlcore_schedule_t s = {.kind = DLCORE_SCHEDULE_NONE};

    switch (index % 7) {
    case 1:
        s = dlcore_schedule_exponential_decay(0.01, 10, 0.9);
        s.staircase = true;
        break;
    case 2:
        s = dlcore_schedule_piecewise_constant_decay((uint64_t[]){1, 70}, (double[]){0.1, 0.2, 0.3},
                                                     2);
        break;
    case 3:
        s = dlcore_schedule_polynomial_decay(0.01, 10);
        s.cycle = true;
        s.power = 0.5;
        s.end_learning_rate = 0.002;
        break;
    case 4:
        s = dlcore_schedule_inverse_time_decay(0.01, 10, 0.7);
        break;
    case 5:
        s = dlcore_schedule_cosine_decay(0.01, 10);
        s.alpha = 0.1;
        s.has_warmup = true;
        s.warmup_target = 0.05;
        s.warmup_steps = 3;
        break;
    case 6:
        s = dlcore_schedule_cosine_decay_restarts(0.01, 10);
        s.t_mul = 1.5;
        s.m_mul = 0.9;
        s.alpha = 0.01;
        break;
    default:
        break;
    }
    return s;
}

static void check_file(const dlcore_optimizer_t *optimizer, const data_t *data)
{
    dlcore_model_t *model = model_of(NULL, true, true, optimizer), *loaded = NULL;
    void *bytes, *again;
    size_t size, size_again;

    for (size_t i = 0; i < 3; i++)
        accept(model, dlcore_model_train_on_batch(model, data->x, data->y, NULL));
    save(model, &bytes, &size);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    save(loaded, &again, &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(bytes, again, size);
    assert_true(dlcore_model_learning_rate(model) == dlcore_model_learning_rate(loaded));
    for (size_t i = 0; i < 3; i++) {
        accept(model, dlcore_model_train_on_batch(model, data->x, data->y, NULL));
        accept(loaded, dlcore_model_train_on_batch(loaded, data->x, data->y, NULL));
        assert_same_weights(model, loaded);
    }
    free(bytes);
    free(again);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

static void test_update_saved_and_loaded_goes_on_with_the_same_bits(void **state)
{
    data_t data = make_data(ROWS, SMALL);

    (void)state;
    for (int kind = DLCORE_OPTIMIZER_SGD; kind <= DLCORE_OPTIMIZER_NADAM; kind++) {
        dlcore_optimizer_t o =
            dlcore_optimizer_from_name(dlcore_optimizer_name((dlcore_optimizer_kind_t)kind));

        o.schedule = schedule_of((size_t)kind);
        o.amsgrad = o.centered = o.nesterov = true;
        o.momentum = 0.5;
        check_file(&o, &data);
        o.schedule = schedule_of((size_t)kind + 3);
        o.beta_1 = 0.8;
        o.beta_2 = 0.9;
        o.rho = 0.7;
        o.epsilon = 1e-3;
        o.initial_accumulator_value = 0.3;
        o.clipvalue = 0.5;
        o.weight_decay = 0.01;
        o.weight_decay_excludes_bias = true;
        o.use_ema = true;
        o.ema_momentum = 0.9;
        o.ema_overwrite_frequency = 2;
        o.gradient_accumulation_steps = 2;
        check_file(&o, &data);
    }
    for (size_t i = 0; i < WAYS; i++) {
        dlcore_optimizer_t o = way(i);
        check_file(&o, &data);
    }
    free_data(&data);
}

static double half(void *user, uint64_t step)
{
    (void)user;
    return step == 2 ? 0.5 : 0.25;
}

static void test_update_function_is_saved_as_the_learning_rate_of_the_moment(void **state)
{
    data_t data = make_data(ROWS, SMALL);
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model, *loaded = NULL;
    void *bytes;
    size_t size;

    (void)state;
    sgd.schedule = dlcore_schedule_function(half, NULL);
    model = model_of(NULL, true, false, &sgd);
    fit(model, &data, 1);
    save(model, &bytes, &size);
    assert_int_equal(dlcore_model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    accept(loaded, dlcore_model_train_on_batch(loaded, data.x, data.y, NULL));
    assert_true(dlcore_model_learning_rate(loaded) == 0.5);
    free(bytes);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    free_data(&data);
}

/* ---- memory ---- */

static dlcore_status train(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t optimizer = way(2);
    dlcore_layer_t layer = dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX);
    data_t *data = context;
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.allocator = *allocator;
    options.threads = 1;
    layer.kernel_regularizer = dlcore_regularizer_l2(0.1);
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, layer);
    if (status == DLCORE_OK)
        status = dlcore_model_compile(
            model, &optimizer, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, DLCORE_METRIC_NONE);
    if (status == DLCORE_OK)
        status = dlcore_model_train_on_batch(model, data->x, data->y, NULL);
    dlcore_model_free(model);
    return status;
}

static void test_update_without_memory_is_an_error_at_every_place(void **state)
{
    data_t data = make_data(ROWS, SMALL);

    (void)state;
    assert_true(failing_allocator_sweep(train, &data) >= 8);
    free_data(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_bits_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(test_update_limits_that_are_not_reached_change_no_bit),
        cmocka_unit_test(test_update_penalties_are_in_gradients_and_in_every_loss),
        cmocka_unit_test(test_update_bad_regularizers_and_constraints_are_named),
        cmocka_unit_test(test_update_decay_may_leave_biases_out),
        cmocka_unit_test(test_update_frozen_layer_stays_in_every_way),
        cmocka_unit_test(test_update_average_of_a_layer_begins_when_it_is_no_longer_frozen),
        cmocka_unit_test(test_update_learning_rate_set_by_a_callback_counts_from_the_next_step),
        cmocka_unit_test(test_update_learning_rate_misuse_is_refused),
        cmocka_unit_test(test_update_schedule_counts_steps_until_compiled_again),
        cmocka_unit_test(test_update_function_is_asked_once_a_step_and_may_fail),
        cmocka_unit_test(test_update_incomplete_group_waits_for_the_next_call),
        cmocka_unit_test(test_update_saved_and_loaded_goes_on_with_the_same_bits),
        cmocka_unit_test(test_update_function_is_saved_as_the_learning_rate_of_the_moment),
        cmocka_unit_test(test_update_without_memory_is_an_error_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
