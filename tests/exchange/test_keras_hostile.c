/* Files for Keras cut short at every byte, with bytes changed, and with sizes that lie: an error,
 * or a model that is right; never more memory than a file justifies, and all of it given back.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>
#include <dlcore/keras.h>

#include "base/allocator.h"
#include "base/random.h"
#include "exchange/zip_writer.h"
#include "support/failing_allocator.h"
#include "support/keras_file.h"

/* A small model, trained; its file, and its weights' file. */
static keras_bytes_t whole, weights;
static model_t *small;

static int make_files(void **state)
{
    static const float x[4] = {0.5f, -1, 2, 0.25f}, y[2] = {1, 0};
    static const size_t shape[2] = {2, 2}, labels_shape[2] = {2, 1};
    tensor_t *inputs = NULL, *labels = NULL;
    optimizer_t adam = optimizer_adam();
    void *bytes = NULL;

    (void)state;
    assert_int_equal(model_create(NULL, &small), DLCORE_OK);
    assert_int_equal(model_add(small, layer_normalization()), DLCORE_OK);
    assert_int_equal(model_add(small, layer_dense(1, ACTIVATION_SIGMOID)), DLCORE_OK);
    assert_int_equal(model_compile(small, &adam, LOSS_BINARY_CROSSENTROPY, METRIC_BINARY_ACCURACY),
                     DLCORE_OK);
    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, x, 0, &inputs, NULL),
                     DLCORE_OK);
    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, labels_shape, y, 0, &labels, NULL),
                     DLCORE_OK);
    assert_int_equal(model_train_on_batch(small, inputs, labels, NULL), DLCORE_OK);
    tensor_free(inputs);
    tensor_free(labels);
    assert_int_equal(keras_save_memory(small, NULL, &bytes, &whole.size), DLCORE_OK);
    whole.bytes = bytes;
    assert_int_equal(keras_save_weights_memory(small, NULL, &bytes, &weights.size), DLCORE_OK);
    weights.bytes = bytes;
    return 0;
}

static int free_files(void **state)
{
    (void)state;
    model_free(small);
    free(whole.bytes);
    free(weights.bytes);
    return 0;
}

/* Loads a copy that ends where its bytes end, with all memory counted. */
static dlcore_status load_counted(const unsigned char *bytes, size_t size)
{
    failing_allocator_t memory;
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    unsigned char *copy = malloc(size > 0 ? size : 1);
    model_t *model = NULL;
    dlcore_status status;

    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    failing_allocator_init(&memory);
    memory.live_limit = ((size_t)1 << 20) + 8 * size;
    how.model.allocator = failing_allocator(&memory);
    how.model.threads = 1;
    how.error = &error;
    status = keras_load_memory(copy, size, &how, &model);
    assert_true((status == DLCORE_OK) == (model != NULL));
    assert_true((status == DLCORE_OK) == (error.message[0] == '\0'));
    assert_true(status != DLCORE_ERROR_MEMORY);
    model_free(model);
    failing_allocator_assert_clean(&memory);
    free(copy);
    return status;
}

static void test_keras_hostile_file_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    assert_int_equal(load_counted(whole.bytes, whole.size), DLCORE_OK);
    for (size_t size = 0; size < whole.size; size++) {
        if (load_counted(whole.bytes, size) == DLCORE_OK)
            fail_msg("%zu of %zu bytes are a model", size, whole.size);
    }
}

static void test_keras_hostile_weights_cut_at_any_byte_are_refused(void **state)
{
    size_t count = model_parameter_count(small);
    float before[8], after[8];

    (void)state;
    assert_int_equal(model_get_weights(small, before, count), DLCORE_OK);
    for (size_t size = 0; size < weights.size; size++) {
        unsigned char *copy = malloc(size > 0 ? size : 1);

        assert_non_null(copy);
        memcpy(copy, weights.bytes, size);
        assert_int_not_equal(keras_load_weights_memory(small, copy, size), DLCORE_OK);
        free(copy);
    }
    assert_int_equal(model_get_weights(small, after, count), DLCORE_OK);
    assert_memory_equal(before, after, count * sizeof(float));
}

static dlcore_status add_to(void *to, const void *bytes, size_t size, dlcore_error_record_t *error)
{
    keras_bytes_t *all = to;

    (void)error;
    memcpy(all->bytes + all->size, bytes, size);
    all->size += size;
    return DLCORE_OK;
}

/* A file with that config, and the numbers of the small model without state. */
static keras_bytes_t file_with_config(const char *config, size_t size)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    keras_bytes_t file = {.bytes = malloc(size + weights.size + 4096)};
    dlcore_zip_writer_t writer;

    assert_non_null(file.bytes);
    dlcore_zip_writer_begin(&writer, add_to, &file, &allocator);
    assert_int_equal(dlcore_zip_writer_add(&writer, "config.json", config, size, NULL), DLCORE_OK);
    assert_int_equal(
        dlcore_zip_writer_add(&writer, "model.weights.h5", weights.bytes, weights.size, NULL),
        DLCORE_OK);
    assert_int_equal(dlcore_zip_writer_finish(&writer, NULL), DLCORE_OK);
    dlcore_zip_writer_end(&writer);
    return file;
}

#define LAYERS(units, width)                                                  \
    "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"s\",\"layers\":["  \
    "{\"class_name\":\"InputLayer\",\"config\":{\"batch_shape\":[null," width \
    "],\"name\":\"i\"}},"                                                     \
    "{\"class_name\":\"Normalization\",\"config\":{\"name\":\"n\"}},"         \
    "{\"class_name\":\"Dense\",\"config\":{\"name\":\"d\",\"units\":" units "}}]}}"

static dlcore_status load_config(const char *config, size_t size)
{
    keras_bytes_t file = file_with_config(config, size);
    dlcore_status status = load_counted(file.bytes, file.size);

    free(file.bytes);
    return status;
}

static void test_keras_hostile_sizes_that_the_numbers_do_not_have_are_refused(void **state)
{
    static const char *const texts[] = {
        LAYERS("2", "2"),
        LAYERS("1", "3"),
        LAYERS("1000000000", "2"),
        LAYERS("1", "2000000000"),
        LAYERS("18446744073709551615", "2"),
        LAYERS("1", "4294967297"),
    };

    (void)state;
    assert_int_equal(load_config(LAYERS("1", "2"), strlen(LAYERS("1", "2"))), DLCORE_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_not_equal(load_config(texts[i], strlen(texts[i])), DLCORE_OK);
}

static void test_keras_hostile_text_with_a_byte_changed_is_read_or_refused(void **state)
{
    static const char config[] = LAYERS("1", "2");
    dlcore_random_t random = dlcore_random_stream(7, 0, 0, 0);
    char text[sizeof config];
    size_t read = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        memcpy(text, config, sizeof config);
        text[dlcore_random_next(&random) % (sizeof config - 1)] = (char)dlcore_random_next(&random);
        read += load_config(text, sizeof config - 1) == DLCORE_OK;
    }
    assert_true(read > 0 && read < 2000);
}

static void test_keras_hostile_numbers_with_a_byte_changed_are_read_or_refused(void **state)
{
    dlcore_random_t random = dlcore_random_stream(8, 0, 0, 0);

    (void)state;
    for (int i = 0; i < 500; i++) {
        size_t at = dlcore_random_next(&random) % weights.size;
        unsigned char *copy = malloc(weights.size);

        assert_non_null(copy);
        memcpy(copy, weights.bytes, weights.size);
        copy[at] = (unsigned char)dlcore_random_next(&random);
        (void)keras_load_weights_memory(small, copy, weights.size);
        free(copy);
    }
}

/* Where the text is in a file. */
static size_t find(const keras_bytes_t *file, const char *text, size_t length)
{
    size_t at = 0;

    while (at + length <= file->size && memcmp(file->bytes + at, text, length) != 0)
        at++;
    assert_true(at + length <= file->size);
    return at;
}

/* One byte of a real file is another, and libhdf5 1.10.8 reads beyond its memory, or sets gigabytes
 * of it: a text that is not in its heap, letters of 15 MB each, an attribute whose shape, or type,
 * is longer than the message it lies in, references of 1 byte, numbers in the place of the layout
 * that are fewer than the shape's. */
static void test_keras_hostile_bytes_that_libhdf5_trusts_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t length, beyond; /* the byte, from the text's beginning */
        unsigned char value;
    } changes[] = {
        {"layer_names", 12, 16 + 24 + 24 + 12, 0x7F}, {"training_config", 16, 16 + 14, 0xE9},
        {"layer_names", 12, (size_t)-1, 0xFF},        {"layer_names", 12, (size_t)-3, 0xFF},
        {"model_config", 13, (size_t)-4, 0xFF},       {"model_config", 13, 16 + 4, 1},
        {"\x08\0\x18\0\0\0\0\0\x03\x01", 10, 8, 2},
    };
    keras_bytes_t file = keras_fixture_bytes("keras_2.15.1.h5");

    (void)state;
    assert_int_equal(load_counted(file.bytes, file.size), DLCORE_OK);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t at = find(&file, changes[i].text, changes[i].length) + changes[i].beyond;
        unsigned char before = file.bytes[at];

        file.bytes[at] = changes[i].value;
        if (load_counted(file.bytes, file.size) != DLCORE_ERROR_FORMAT)
            fail_msg("change %zu is not refused", i);
        file.bytes[at] = before;
    }
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_hostile_file_cut_at_any_byte_is_refused),
        cmocka_unit_test(test_keras_hostile_weights_cut_at_any_byte_are_refused),
        cmocka_unit_test(test_keras_hostile_sizes_that_the_numbers_do_not_have_are_refused),
        cmocka_unit_test(test_keras_hostile_text_with_a_byte_changed_is_read_or_refused),
        cmocka_unit_test(test_keras_hostile_numbers_with_a_byte_changed_are_read_or_refused),
        cmocka_unit_test(test_keras_hostile_bytes_that_libhdf5_trusts_are_refused),
    };

    return cmocka_run_group_tests(tests, make_files, free_files);
}
