/* Memory that is asked for beforehand is what the allocator is then asked for.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

enum { INPUTS = 20, CLASSES = 3, ROWS = 24 };

/* Models that take different ways: a small network, averages and norms, layers with statistics and
 * states, penalties. */
static void add_case(model_t *model, size_t which, optimizer_t *optimizer)
{
    size_t units = which == 0 ? 8 : 40;
    layer_t hidden = layer_dense(units, which == 2 ? ACTIVATION_GELU : ACTIVATION_RELU);

    *optimizer = which == 1 ? optimizer_rmsprop() : optimizer_adam();
    if (which == 2) {
        optimizer->use_ema = true;
        optimizer->global_clipnorm = 1;
        hidden.kernel_regularizer = regularizer_l2(0.01);
        assert_accepted(model, model_add(model, layer_batch_normalization()));
    }
    if (which == 3) {
        optimizer->gradient_accumulation_steps = 2;
        assert_accepted(model, model_add(model, layer_dropout(0.5)));
    }
    assert_accepted(model, model_add(model, hidden));
    if (which >= 2)
        assert_accepted(model, model_add(model, layer_layer_normalization()));
    assert_accepted(model, model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX)));
}

/* By its contract a record is left alone where nothing failed. */
static model_memory_t memory_of(const model_t *model, size_t input_width)
{
    error_record_t error = {.status = DLCORE_ERROR_RANGE, .message = "untouched"};
    model_memory_t memory = {0};

    assert_int_equal(model_memory(model, input_width, ROWS, &memory, &error), DLCORE_OK);
    assert_int_equal(error.status, DLCORE_ERROR_RANGE);
    assert_string_equal(error.message, "untouched");
    return memory;
}

static void check_case(engine_t engine, size_t which)
{
    failing_allocator_t memory;
    model_options_t options = engine_options(engine, 1);
    samples_t samples = samples_of_floats(ROWS, which == 0 ? 10 : INPUTS, CLASSES);
    model_t *model = NULL;
    model_memory_t before, built, trained;
    optimizer_t optimizer;
    size_t live;

    failing_allocator_init(&memory);
    options.allocator = failing_allocator(&memory);
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    add_case(model, which, &optimizer);
    assert_accepted(model, model_compile(model, &optimizer, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         METRIC_ACCURACY));
    live = memory.live_bytes;
    before = memory_of(model, which == 0 ? 10 : INPUTS);
    assert_int_equal(memory.live_bytes, live);
    assert_accepted(model, model_build(model, which == 0 ? 10 : INPUTS));
    assert_int_equal(memory.live_bytes - live, before.weights);
    assert_int_equal(before.parameters, model_parameter_count(model));
    live = memory.live_bytes;
    built = memory_of(model, 0);
    assert_memory_equal(&before, &built, sizeof before);
    assert_accepted(model, model_train_on_batch(model, samples.x, samples.y, NULL));
    assert_int_equal(memory.live_bytes - live, before.optimizer + before.training);
    trained = memory_of(model, 0);
    assert_memory_equal(&before, &trained, sizeof before);
    model_free(model);
    failing_allocator_assert_clean(&memory);
    samples_free(samples);
}

static void check_engine(engine_t engine)
{
    for (size_t which = 0; which < 4; which++)
        check_case(engine, which);
}

static void test_model_memory_is_what_the_allocator_is_asked_for(void **state)
{
    (void)state;
    with_every_engine(check_engine);
}

/* Adding asks for descriptors, and for tables of the model's own. */
static void test_model_memory_of_layers_has_tables(void **state)
{
    static const embedding_t tables[] = {{.column = 0, .count = 4}, {.column = 2, .count = 9}};
    failing_allocator_t memory;
    model_options_t options = model_options_default();
    model_t *model = NULL;
    size_t live;

    (void)state;
    failing_allocator_init(&memory);
    options.allocator = failing_allocator(&memory);
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    live = memory.live_bytes;
    assert_accepted(model, model_add(model, layer_embedding(tables, 2)));
    assert_accepted(model, model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX)));
    assert_int_equal(memory.live_bytes - live, memory_of(model, 3).layers);
    model_free(model);
    failing_allocator_assert_clean(&memory);
}

static void test_model_memory_grows_with_rows_and_threads(void **state)
{
    static const size_t widths[] = {INPUTS, 200, CLASSES, 0};
    model_t *model = classifier(NULL, widths, optimizer_adam());
    model_memory_t few, many;

    (void)state;
    assert_int_equal(model_memory(model, 0, 32, &few, NULL), DLCORE_OK);
    assert_int_equal(model_memory(model, INPUTS, 3200, &many, NULL), DLCORE_OK);
    assert_true(many.training > 50 * few.training && many.each_thread > 0);
    assert_int_equal(few.weights, many.weights);
    assert_true(few.optimizer > 2 * few.weights - 1000 && few.optimizer < 2 * few.weights + 1000);
    model_free(model);
}

static void test_model_memory_refuses_what_cannot_be_built(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES, 0};
    model_t *model = classifier(NULL, widths, optimizer_adam()), *empty = NULL;
    model_memory_t memory = {.weights = 7};
    error_record_t error = {0};

    (void)state;
    assert_int_equal(model_create(NULL, &empty), DLCORE_OK);
    assert_failed(model_memory(empty, 3, 1, &memory, &error), DLCORE_ERROR_STATE, &error,
                  "has no layers");
    assert_accepted(empty, model_add(empty, layer_dense(3, ACTIVATION_RELU)));
    assert_failed(model_memory(empty, 0, 1, &memory, &error), DLCORE_ERROR_STATE, &error,
                  "input width is unknown");
    assert_failed(model_memory(model, 5, 1, &memory, &error), DLCORE_ERROR_SHAPE, &error,
                  "the model is built for 20 inputs, got 5");
    assert_failed(model_memory(model, 0, 0, &memory, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "batch_size is 0");
    assert_failed(model_memory(model, 0, SIZE_MAX / 64, &memory, &error), DLCORE_ERROR_OVERFLOW,
                  &error, "too large");
    assert_int_equal(memory.weights, 7);
    assert_int_equal(model_memory(empty, 4, 1, &memory, NULL), DLCORE_OK); /* not compiled */
    assert_int_equal(memory.parameters, 15);
    assert_int_equal(memory.optimizer + memory.training, 0);
    model_free(empty);
    model_free(model);
}

static void never_called(const function_batch_t *batch, void *user)
{
    (void)batch;
    (void)user;
    fail();
}

/* Where all but the labels of a batch would fit. */
static void test_model_memory_of_labels_that_are_too_wide_is_an_overflow(void **state)
{
    const size_t rows = SIZE_MAX >> 14, width = (size_t)1 << 20;
    compile_options_t how = compile_options_default();
    error_record_t error = {0};
    model_memory_t memory;
    model_t *model = NULL;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    how.loss = loss_function(never_called, NULL);
    assert_accepted(model, model_compile_with(model, &how));
    assert_int_equal(model_memory(model, 1, rows, &memory, &error), DLCORE_OK);
    how.loss.label_width = width;
    assert_accepted(model, model_compile_with(model, &how));
    assert_failed(model_memory(model, 1, rows, &memory, &error), DLCORE_ERROR_OVERFLOW, &error,
                  "too large");
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_memory_is_what_the_allocator_is_asked_for),
        cmocka_unit_test(test_model_memory_of_layers_has_tables),
        cmocka_unit_test(test_model_memory_grows_with_rows_and_threads),
        cmocka_unit_test(test_model_memory_refuses_what_cannot_be_built),
        cmocka_unit_test(test_model_memory_of_labels_that_are_too_wide_is_an_overflow),
    };

    return cmocka_run_group_tests_name("model_memory", tests, NULL, NULL);
}
