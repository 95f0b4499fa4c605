/* Training in bfloat16: its gradients, the copies of kernels that follow the weights, and the same
 * bits at any number of threads and ranks; with every engine.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "engine/halves.h"
#include "model/model.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/gradient_check.h"
#include "support/models.h"
#include "support/random_network.h"
#include "support/ranked_fit.h"
#include "support/update_case.h"

static dlcore_engine_t engine; /* of all models here */

static dlcore_model_options_t half_options(void)
{
    dlcore_model_options_t options = dlcore_model_options_default();

    options.engine = engine;
    options.precision = DLCORE_PRECISION_BFLOAT16;
    options.threads = 1;
    return options;
}

/* ---- gradients ---- */

/* Half a unit in the last of 8 places, in factors of each layer; and what is far beyond it. */
#define HALF_TOLERANCE 0.03

static void gradients_of(const reference_t *net, const dlcore_model_precision_t *precision,
                         float *gradients)
{
    dlcore_model_options_t options = half_options();
    dlcore_model_t *model;
    dlcore_tensor_t *x, *y;
    double loss;

    options.precision = precision;
    model = gradient_model(net, &options, 0);
    gradient_data(net, false, &x, &y);
    assert_accepted(model, dlcore_model_gradients(model, x, y, gradients,
                                                  net->offsets[net->layer_count], &loss));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

/* Planted in the largest of the gradients: a sign, a scale, nothing at all. */
static void plant(const reference_t *net, size_t kind, float *gradients)
{
    size_t count = net->offsets[net->layer_count], top = 0;

    for (size_t i = 0; i < count; i++) {
        if (fabsf(gradients[i]) > fabsf(gradients[top]))
            top = i;
    }
    gradients[top] *= kind == 0 ? -1.0f : kind == 1 ? 1.1f : 0.0f;
}

static void test_halves_gradients_are_near_the_exact_ones_and_rounded(void **state)
{
    static const dlcore_activation_t last[] = {DLCORE_ACTIVATION_LINEAR, DLCORE_ACTIVATION_SOFTMAX,
                                               DLCORE_ACTIVATION_SIGMOID, DLCORE_ACTIVATION_TANH};
    static const dlcore_loss_kind_t losses[] = {
        DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_LOSS_CATEGORICAL_CROSSENTROPY,
        DLCORE_LOSS_BINARY_CROSSENTROPY, DLCORE_LOSS_MEAN_SQUARED_ERROR};
    static reference_t net;
    static double exact[REFERENCE_PARAMETERS];
    static float half[REFERENCE_PARAMETERS], full[REFERENCE_PARAMETERS],
        planted[REFERENCE_PARAMETERS];
    size_t rounded = 0, within = 0, count = 0;

    (void)state;
    for (size_t i = 0; i < 80; i++) {
        double error;

        random_network(&net, last[i % 4], (dlcore_loss_t){.kind = losses[i % 4]}, false);
        reference_gradients(&net, exact);
        gradients_of(&net, DLCORE_PRECISION_BFLOAT16, half);
        gradients_of(&net, NULL, full);
        error = gradient_error(&net, exact, half, 1e-2);
        rounded += error > 20.0 * gradient_error(&net, exact, full, 1e-2);
        within += error < HALF_TOLERANCE;
        count++;
        if (!(error < 10 * HALF_TOLERANCE))
            fail_msg("network %zu: gradients are off by %g of the largest", i, error);
        for (size_t kind = 0; kind < 3 && error < HALF_TOLERANCE; kind++) {
            memcpy(planted, half, sizeof planted);
            plant(&net, kind, planted);
            assert_false(gradient_error(&net, exact, planted, 1e-2) < HALF_TOLERANCE);
        }
    }
    print_message("%zu of %zu networks within %g, %zu rounded\n", within, count, HALF_TOLERANCE,
                  rounded);
    assert_true(within * 10 >= count * 9); /* a derivative near a kink of a relu may be another */
    assert_true(rounded * 10 >= count * 9);
}

/* ---- copies follow ---- */

/* A step on each batch; `forgets`: every copy is made anew before each. */
static void steps(dlcore_model_t *model, const update_data_t *data, size_t count, bool forgets)
{
    for (size_t i = 0; i < count; i++) {
        dlcore_tensor_t *x = NULL, *y = NULL;
        size_t first = i % 3 * 31, end = first + 31;

        assert_int_equal(dlcore_tensor_slice(data->x, first, end, &x, NULL), DLCORE_OK);
        assert_int_equal(dlcore_tensor_slice(data->y, first, end, &y, NULL), DLCORE_OK);
        if (forgets)
            dlcore_halves_forget(&model->network);
        assert_accepted(model, dlcore_model_train_on_batch(model, x, y, NULL));
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
    }
}

static void test_halves_follow_weights_in_every_way_of_updating(void **state)
{
    update_data_t data = update_data(ROWS, INPUTS);
    dlcore_model_options_t options = half_options();

    (void)state;
    for (size_t trained = 0; trained < 2; trained++) {
        for (size_t way = 0; way < WAYS; way++) {
            dlcore_optimizer_t optimizer = update_way(way);
            dlcore_model_t *follows = update_model(&options, false, trained == 1, &optimizer);
            dlcore_model_t *forgets = update_model(&options, false, trained == 1, &optimizer);

            steps(follows, &data, 7, false);
            steps(forgets, &data, 7, true);
            if (trained == 0 && (way < 2 || way > 6))
                assert_int_equal(follows->network.halves->fresh,
                                 follows->network.half->follows_pieces);
            assert_same_weights(follows, forgets);
            dlcore_model_free(follows);
            dlcore_model_free(forgets);
        }
    }
    update_data_free(&data);
}

/* Wherever else weights come from. */
static void test_halves_follow_weights_that_are_set(void **state)
{
    update_data_t data = update_data(ROWS, INPUTS);
    dlcore_model_options_t options = half_options();
    dlcore_optimizer_t optimizer = update_way(2); /* gradients are kept */
    dlcore_model_t *used = update_model(&options, false, false, &optimizer);
    dlcore_model_t *fresh = update_model(&options, false, false, &optimizer);
    size_t count = dlcore_model_parameter_count(used);
    float *weights = weights_of(used), *gradients = calloc(count, sizeof *gradients);

    (void)state;
    assert_non_null(gradients);
    steps(used, &data, 3, false);
    assert_accepted(used, dlcore_model_set_weights(used, weights, count));
    assert_accepted(used, dlcore_model_compile(used, &optimizer,
                                               DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                               DLCORE_METRIC_NONE));
    steps(used, &data, 3, false);
    steps(fresh, &data, 3, false);
    assert_same_weights(used, fresh);
    /* which leave the copies fresh */
    assert_accepted(used, dlcore_model_gradients(used, data.x, data.y, gradients, count, NULL));
    for (size_t i = 0; i < count; i++)
        gradients[i] = (float)(i % 17) - 8.0f;
    assert_accepted(used, dlcore_model_apply_gradients(used, gradients, count));
    assert_accepted(fresh, dlcore_model_apply_gradients(fresh, gradients, count));
    dlcore_halves_forget(&fresh->network);
    steps(used, &data, 2, false);
    steps(fresh, &data, 2, true);
    assert_same_weights(used, fresh);
    free(weights);
    free(gradients);
    dlcore_model_free(used);
    dlcore_model_free(fresh);
    update_data_free(&data);
}

/* ---- the same bits ---- */

/* Odd widths, layers between, a frozen one, and a batch that leaves inputs out. */
static dlcore_model_t *mixed_model(const dlcore_model_options_t *options, bool front)
{
    dlcore_layer_t frozen = dlcore_layer_dense(53, DLCORE_ACTIVATION_GELU);
    dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();
    dlcore_model_t *model = NULL;

    frozen.trainable = false;
    assert_int_equal(dlcore_model_create(options, &model), DLCORE_OK);
    if (front) /* a first layer that hides inputs from the gather */
        assert_accepted(model,
                        dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR)));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_dense(67, DLCORE_ACTIVATION_RELU)));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_flatten()));
    assert_accepted(model, dlcore_model_add(model, frozen));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_batch_normalization()));
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_dropout(0.25)));
    assert_accepted(model,
                    dlcore_model_add(model, dlcore_layer_dense(129, DLCORE_ACTIVATION_TANH)));
    assert_accepted(
        model, dlcore_model_add(model, dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX)));
    assert_accepted(model, dlcore_model_build(model, INPUTS + 1));
    assert_accepted(model, dlcore_model_compile(model, &optimizer,
                                                DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                                DLCORE_METRIC_NONE));
    return model;
}

static update_data_t sparse_looking_data(void)
{
    update_data_t data = update_data(ROWS, INPUTS + 1);
    float *x = dlcore_tensor_data(data.x);

    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i <= INPUTS; i++) {
            if (i * 2654435761u % 64 < 24)
                x[r * (INPUTS + 1) + i] = 0.0f;
        }
    }
    return data;
}

static void test_halves_bits_are_the_same_at_any_number_of_threads(void **state)
{
    static const size_t threads[] = {1, 2, 3, 4, 8};
    update_data_t data = sparse_looking_data();
    dlcore_model_t *alone = NULL;

    (void)state;
    for (size_t t = 0; t < 5; t++) {
        dlcore_model_options_t options = half_options();
        dlcore_model_t *model;

        options.threads = threads[t];
        model = mixed_model(&options, false);
        update_fit(model, &data, 3);
        if (alone == NULL) {
            alone = model;
            continue;
        }
        assert_same_weights(alone, model);
        dlcore_model_free(model);
    }
    dlcore_model_free(alone);
    update_data_free(&data);
}

/* With plain C's products, behind BLAS, as with any other: the rest is the same code on one CPU,
 * but for sums over whole arrays, whose order is that of a layout. */
static void test_halves_bits_are_the_same_with_every_engine(void **state)
{
    static const size_t ways[] = {0, 1, 4, 7, 8};
    update_data_t data = update_data(ROWS, INPUTS);
    dlcore_model_options_t options = half_options(), other = half_options();

    (void)state;
    other.engine = DLCORE_ENGINE_BLAS;
    for (size_t i = 0; i < 2 * sizeof ways / sizeof *ways; i++) {
        dlcore_optimizer_t optimizer = update_way(ways[i / 2]);
        dlcore_model_t *model = update_model(&options, false, i % 2 == 1, &optimizer);
        dlcore_model_t *blas = update_model(&other, false, i % 2 == 1, &optimizer);

        update_fit(model, &data, 3);
        update_fit(blas, &data, 3);
        assert_same_weights(model, blas);
        dlcore_model_free(model);
        dlcore_model_free(blas);
    }
    update_data_free(&data);
}

/* The first layer then multiplies in float32, and its copy follows all the same. */
static void test_halves_of_sparse_rows_give_the_same_bits(void **state)
{
    update_data_t data = sparse_looking_data();
    dlcore_tensor_t *rows = NULL, *dense = data.x;
    dlcore_model_options_t options = half_options();
    dlcore_model_t *alone = mixed_model(&options, false), *forgets = mixed_model(&options, false);

    (void)state;
    assert_int_equal(dlcore_sparse_from_dense(dense, &rows, NULL), DLCORE_OK);
    data.x = rows;
    update_fit(alone, &data, 2);
    update_fit(forgets, &data, 1);
    dlcore_halves_forget(&forgets->network);
    update_fit(forgets, &data, 1);
    assert_same_weights(alone, forgets);
    data.x = dense; /* the copies that sparse steps have left */
    update_fit(alone, &data, 1);
    dlcore_halves_forget(&forgets->network);
    update_fit(forgets, &data, 1);
    assert_same_weights(alone, forgets);
    dlcore_model_free(forgets);
    for (size_t threads = 2; threads <= 8; threads *= 2) {
        dlcore_model_t *model;

        options.threads = threads;
        model = mixed_model(&options, false);
        data.x = rows;
        update_fit(model, &data, 2);
        data.x = dense;
        update_fit(model, &data, 1);
        assert_same_weights(alone, model);
        dlcore_model_free(model);
    }
    dlcore_model_free(alone);
    dlcore_tensor_free(rows);
    update_data_free(&data);
}

static void test_halves_inputs_that_are_left_out_change_no_bit(void **state)
{
    update_data_t data = sparse_looking_data();
    dlcore_model_options_t options = half_options();
    dlcore_model_t *leaves = mixed_model(&options, false), *keeps = mixed_model(&options, true);
    float *weights = weights_of(leaves);

    (void)state;
    assert_accepted(keeps,
                    dlcore_model_set_weights(keeps, weights, dlcore_model_parameter_count(keeps)));
    for (size_t i = 0; i < 3; i++) {
        size_t count = dlcore_model_parameter_count(keeps);
        float *a = calloc(count, sizeof *a), *b = calloc(count, sizeof *b);

        assert_true(a != NULL && b != NULL);
        /* without dropout, whose numbers are those of another layer */
        leaves->network.nodes[4].layer.rate = keeps->network.nodes[5].layer.rate = 0.0;
        assert_accepted(leaves, dlcore_model_gradients(leaves, data.x, data.y, a, count, NULL));
        assert_accepted(keeps, dlcore_model_gradients(keeps, data.x, data.y, b, count, NULL));
        assert_non_null(leaves->trainer.workspace.input[0].index);
        assert_null(keeps->trainer.workspace.input[0].index);
        assert_memory_equal(a, b, count * sizeof *a);
        update_fit(leaves, &data, 1);
        update_fit(keeps, &data, 1);
        assert_same_weights(leaves, keeps);
        free(a);
        free(b);
    }
    free(weights);
    dlcore_model_free(leaves);
    dlcore_model_free(keeps);
    update_data_free(&data);
}

static void test_halves_ranks_give_the_same_bits(void **state)
{
    static ranked_result_t results[4], alone[1];
    ranked_case_t ranked = ranked_case_default();
    dlcore_collective_t settings = {.deterministic = true};

    (void)state;
    ranked.options.engine = engine;
    ranked.options.precision = DLCORE_PRECISION_BFLOAT16;
    ranked.hidden[0] = dlcore_layer_dense(37, DLCORE_ACTIVATION_RELU);
    ranked.hidden[1] = dlcore_layer_batch_normalization();
    ranked.hidden_count = 2;
    ranked_run(&ranked, 1, &settings, alone);
    for (size_t size = 2; size <= 4; size *= 2) {
        ranked_run(&ranked, size, &settings, results);
        for (size_t r = 0; r < size; r++) {
            assert_int_equal(results[r].status, DLCORE_OK);
            assert_memory_equal(results[r].weights, alone->weights,
                                alone->parameters * sizeof(float));
        }
    }
    ranked_run_alone(&ranked, alone);
    ranked_run(&ranked, 2, NULL, results);
    assert_true(ranked_weights_error(&results[0], alone) < 5e-3);
    assert_memory_equal(results[0].weights, results[1].weights, alone->parameters * sizeof(float));
}

static void one_in_float32(size_t rank, ranked_case_t *ranked_case)
{
    if (rank == 1)
        ranked_case->options.precision = NULL;
}

static void test_halves_ranks_of_another_precision_are_refused(void **state)
{
    static ranked_result_t results[2];
    ranked_case_t ranked = ranked_case_default();

    (void)state;
    ranked.options.engine = engine;
    ranked.options.precision = DLCORE_PRECISION_BFLOAT16;
    ranked.adjust = one_in_float32;
    ranked_run(&ranked, 2, NULL, results);
    for (size_t r = 0; r < 2; r++) {
        assert_int_not_equal(results[r].status, DLCORE_OK);
        assert_non_null(strstr(results[r].message, "precision"));
    }
}

/* ---- what stays in float32 ---- */

static void test_halves_evaluate_and_predict_use_the_weights_themselves(void **state)
{
    update_data_t data = update_data(ROWS, INPUTS);
    dlcore_model_options_t options = half_options();
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();
    dlcore_model_t *half = update_model(&options, false, false, &optimizer), *full;
    dlcore_evaluation_t a, b;
    float *weights;

    (void)state;
    options.precision = NULL;
    full = update_model(&options, false, false, &optimizer);
    update_fit(half, &data, 2);
    weights = weights_of(half);
    assert_accepted(full,
                    dlcore_model_set_weights(full, weights, dlcore_model_parameter_count(full)));
    assert_int_equal(dlcore_model_evaluate(half, data.x, data.y, NULL, &a), DLCORE_OK);
    assert_int_equal(dlcore_model_evaluate(full, data.x, data.y, NULL, &b), DLCORE_OK);
    assert_true(a.loss == b.loss);
    free(weights);
    dlcore_model_free(half);
    dlcore_model_free(full);
    update_data_free(&data);
}

static void test_halves_small_networks_train_in_bfloat16_too(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);
    dlcore_model_options_t options = half_options();
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();
    dlcore_model_t *half = update_model(&options, true, false, &optimizer), *full;

    (void)state;
    options.precision = NULL;
    full = update_model(&options, true, false, &optimizer);
    update_fit(half, &data, 2);
    update_fit(full, &data, 2);
    assert_other_weights(half, full);
    dlcore_model_free(half);
    dlcore_model_free(full);
    update_data_free(&data);
}

/* ---- memory, and what is refused ---- */

static void test_halves_copies_take_as_much_as_the_weights_and_steps_allocate_nothing(void **state)
{
    update_data_t data = update_data(ROWS, INPUTS);
    dlcore_model_options_t options = half_options();
    dlcore_optimizer_t optimizer = dlcore_optimizer_rmsprop();
    failing_allocator_t memory;
    dlcore_model_t *model;
    dlcore_model_memory_t told;
    size_t calls, values;

    (void)state;
    failing_allocator_init(&memory);
    options.allocator = failing_allocator(&memory);
    model = update_model(&options, false, false, &optimizer);
    assert_int_equal(dlcore_model_memory(model, 0, 31, &told, NULL), DLCORE_OK);
    calls = memory.live_bytes;
    steps(model, &data, 1, false);
    assert_int_equal(memory.live_bytes - calls, told.training + told.optimizer);
    calls = memory.calls;
    steps(model, &data, 5, false);
    assert_int_equal(memory.calls, calls);
    values = model->network.value_floats * sizeof(float);
    assert_true(dlcore_halves_bytes(&model->network) <= values + 1024);
    assert_true(dlcore_halves_bytes(&model->network) >= values / 2);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
    update_data_free(&data);
}

static dlcore_status train_without_memory(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = half_options();
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL;
    const update_data_t *data = context;
    dlcore_status status;

    options.allocator = *allocator;
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(33, DLCORE_ACTIVATION_RELU));
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(CLASSES, DLCORE_ACTIVATION_SOFTMAX));
    if (status == DLCORE_OK)
        status = dlcore_model_compile(
            model, &optimizer, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, DLCORE_METRIC_NONE);
    if (status == DLCORE_OK)
        status = dlcore_model_train_on_batch(model, data->x, data->y, NULL);
    dlcore_model_free(model);
    return status;
}

static void test_halves_without_memory_are_an_error_at_every_place(void **state)
{
    update_data_t data = update_data(ROWS, SMALL);

    (void)state;
    assert_true(failing_allocator_sweep(train_without_memory, &data) > 5);
    update_data_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halves_gradients_are_near_the_exact_ones_and_rounded),
        cmocka_unit_test(test_halves_follow_weights_in_every_way_of_updating),
        cmocka_unit_test(test_halves_follow_weights_that_are_set),
        cmocka_unit_test(test_halves_bits_are_the_same_at_any_number_of_threads),
        cmocka_unit_test(test_halves_bits_are_the_same_with_every_engine),
        cmocka_unit_test(test_halves_of_sparse_rows_give_the_same_bits),
        cmocka_unit_test(test_halves_inputs_that_are_left_out_change_no_bit),
        cmocka_unit_test(test_halves_ranks_give_the_same_bits),
        cmocka_unit_test(test_halves_ranks_of_another_precision_are_refused),
        cmocka_unit_test(test_halves_evaluate_and_predict_use_the_weights_themselves),
        cmocka_unit_test(test_halves_small_networks_train_in_bfloat16_too),
        cmocka_unit_test(test_halves_copies_take_as_much_as_the_weights_and_steps_allocate_nothing),
        cmocka_unit_test(test_halves_without_memory_are_an_error_at_every_place),
    };
    int failed = 0;

    for (size_t i = 0; i < 2; i++) {
        engine = i == 0 ? DLCORE_ENGINE_BLAS : DLCORE_ENGINE_NATIVE;
        if (engine_is_here(engine))
            failed += cmocka_run_group_tests_name(engine_name(engine), tests, NULL, NULL);
    }
    return failed;
}
