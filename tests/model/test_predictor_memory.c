/* The bytes of a predictor that are told beforehand are those that the allocator is then asked for.
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

/* Widths that make a chain in the first-level cache, one beyond it, and layers. */
static const size_t widths[][4] = {{6, 8, 3, 0}, {60, 64, 64, 0}, {100, 200, 3, 0}};

static void check_case(const size_t *of, engine_t engine, size_t batch_size,
                       const predictor_precision_t *precision)
{
    failing_allocator_t memory;
    model_options_t options = engine_options(engine, 1);
    predictor_options_t how = predictor_options_default();
    predictor_t *predictor = NULL;
    model_t *model;
    size_t live, bytes = 0;

    failing_allocator_init(&memory);
    options.allocator = failing_allocator(&memory);
    model = classifier(&options, of, optimizer_adam());
    assert_non_null(model);
    how.batch_size = batch_size;
    how.precision = precision;
    live = memory.live_bytes;
    assert_int_equal(predictor_memory(model, &how, &bytes), DLCORE_OK);
    assert_int_equal(memory.live_bytes, live);
    assert_int_equal(predictor_create(model, &how, &predictor), DLCORE_OK);
    assert_int_equal(memory.live_bytes - live, bytes);
    predictor_free(predictor);
    model_free(model);
    failing_allocator_assert_clean(&memory);
}

static void check_engine(engine_t engine)
{
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (size_t batch_size = 1; batch_size <= 64; batch_size *= 8) {
            check_case(widths[i], engine, batch_size, NULL);
            check_case(widths[i], engine, batch_size, predictor_int8());
            check_case(widths[i], engine, batch_size, predictor_bfloat16());
        }
}

static void test_predictor_memory_is_what_the_allocator_is_asked_for(void **state)
{
    (void)state;
    with_every_engine(check_engine);
}

static void test_predictor_memory_refuses_what_create_refuses(void **state)
{
    model_t *model = classifier(NULL, widths[0], optimizer_adam()), *empty = NULL;
    model_t *layers = classifier(NULL, widths[2], optimizer_adam());
    predictor_options_t how = predictor_options_default();
    error_record_t error = {0};
    size_t bytes = 7;

    (void)state;
    how.error = &error;
    assert_int_equal(model_create(NULL, &empty), DLCORE_OK);
    assert_failed(predictor_memory(empty, &how, &bytes), DLCORE_ERROR_STATE, &error,
                  "has no weights yet");
    assert_failed(predictor_memory(NULL, &how, &bytes), DLCORE_ERROR_ARGUMENT, &error,
                  "model is NULL");
    assert_failed(predictor_memory(model, &how, NULL), DLCORE_ERROR_ARGUMENT, &error,
                  "bytes is NULL");
    how.batch_size = SIZE_MAX / 64;
    assert_failed(predictor_memory(layers, &how, &bytes), DLCORE_ERROR_OVERFLOW, &error,
                  "too large");
    assert_int_equal(bytes, 7);
    assert_int_equal(predictor_memory(model, NULL, &bytes), DLCORE_OK);
    assert_true(bytes > sizeof(float));
    model_free(empty);
    model_free(layers);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictor_memory_is_what_the_allocator_is_asked_for),
        cmocka_unit_test(test_predictor_memory_refuses_what_create_refuses),
    };

    return cmocka_run_group_tests_name("predictor_memory", tests, NULL, NULL);
}
