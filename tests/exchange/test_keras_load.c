/* Models that Keras 3.15.1, 3.10.0, 3.5.0, 3.0.5 and tf.keras 2.15.1 saved, as
 * fixtures/keras_files.py has it: the same outputs, and after five more epochs, with the
 * optimizer's state, the same again; from a path, from memory and from an unpacked folder; whole,
 * without state, or weights alone.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <dlcore.h>
#include <dlcore/keras.h>

#include "base/allocator.h"
#include "exchange/zip.h"
#include "support/failing_allocator.h"
#include "support/fixture.h"
#include "support/folder.h"
#include "support/keras_file.h"

typedef struct keras_case {
    const char *file, *numbers, *version;
    size_t layers;
} keras_case_t;

static const keras_case_t cases[] = {
    {"keras_3.15.1.keras", "keras_3.15.1.txt", "Keras 3.15.1", 5},
    {"keras_3.15.1.h5", "keras_3.15.1.txt", "Keras 3.15.1", 5},
    {"keras_3.10.0.keras", "keras_3.10.0.txt", "Keras 3.10.0", 3},
    {"keras_3.5.0.keras", "keras_3.5.0.txt", "Keras 3.5.0", 4},
    {"keras_3.0.5.keras", "keras_3.0.5.txt", "Keras 3.0.5", 4},
    {"keras_2.15.1.h5", "keras_2.15.1.txt", "Keras 2.15.1", 5},
    {"keras_constants.keras", "keras_constants.txt", "Keras 3.15.1", 4},
    {"keras_axes.keras", "keras_axes.txt", "Keras 3.15.1", 8},
    {"keras_axes.h5", "keras_axes.txt", "Keras 3.15.1", 8},
    {"keras_glu.keras", "keras_glu.txt", "Keras 3.15.1", 3},
    {"keras_glu.h5", "keras_glu.txt", "Keras 3.15.1", 3},
    {"keras_sparsemax.keras", "keras_sparsemax.txt", "Keras 3.15.1", 4},
    {"keras_sparsemax.h5", "keras_sparsemax.txt", "Keras 3.15.1", 4},
    {"keras_constants.h5", "keras_constants.txt", "Keras 3.15.1", 4},
    {"keras_nadam.keras", "keras_nadam.txt", "Keras 3.0.5", 2},
    {"keras_averages.keras", "keras_averages.txt", "Keras 3.5.0", 2},
    {"keras_unused.keras", "keras_unused.txt", "Keras 3.5.0", 3},
    {"keras_adafactor.h5", "keras_adafactor.txt", "Keras 2.15.1", 3},
    {"keras_product.h5", "keras_product.txt", "Keras 2.15.1", 2},
    {"keras_legacy_adam.h5", "keras_legacy_adam.txt", "Keras 2.15.1", 3},
    {"keras_legacy_sgd.h5", "keras_legacy_sgd.txt", "Keras 2.15.1", 2},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static model_t *load_case(const keras_case_t *one, load_report_t *report)
{
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL;

    how.error = &error;
    how.report = report;
    if (keras_load(keras_fixture_path(one->file), &how, &model) != DLCORE_OK)
        fail_msg("%s", error.message);
    return model;
}

/* Largest difference from the fixture's outputs of that name, by the largest of these, at least 1.
 */
static double outputs_differ(const model_t *model, const fixture_t *numbers, const char *name)
{
    const fixture_array_t *expected = fixture_array(numbers, NULL, name);
    tensor_t *x = fixture_tensor(fixture_array(numbers, NULL, "x")), *y = NULL;
    double worst = 0.0, largest = 1.0;
    size_t shape[2] = {tensor_length(x, 0), model_output_width(model)};
    const float *found;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &y, NULL), DLCORE_OK);
    assert_int_equal(tensor_size(y), expected->size);
    assert_int_equal(model_predict(model, x, y), DLCORE_OK);
    found = tensor_data_const(y);
    for (size_t i = 0; i < expected->size; i++) {
        double wanted = (double)fixture_floats(expected)[i], apart = (double)found[i] - wanted;

        largest = wanted > largest ? wanted : -wanted > largest ? -wanted : largest;
        worst = apart > worst ? apart : -apart > worst ? -apart : worst;
    }
    tensor_free(x);
    tensor_free(y);
    return worst / largest;
}

static void train_case(model_t *model, const fixture_t *numbers, size_t epochs)
{
    fit_options_t how = fit_options_default();
    tensor_t *x = fixture_tensor(fixture_array(numbers, NULL, "x"));
    tensor_t *y = fixture_tensor(fixture_array(numbers, NULL, "y"));

    how.epochs = epochs;
    how.batch_size = fixture_count(numbers, NULL, "batch");
    how.shuffle = false;
    how.verbose = 0;
    if (model_fit(model, x, y, &how, NULL) != DLCORE_OK)
        fail_msg("%s", model_error(model));
    tensor_free(x);
    tensor_free(y);
}

static void test_keras_load_every_version_predicts_and_goes_on_as_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        fixture_t *numbers = fixture_load(cases[i].numbers);
        load_report_t report;
        model_t *model = load_case(&cases[i], &report);
        double at_once = outputs_differ(model, numbers, "outputs"), after;

        assert_string_equal(report.library_version, cases[i].version);
        assert_true(report.compiled && report.training_state && !report.self_tested);
        assert_int_equal(model_layer_count(model), cases[i].layers);
        train_case(model, numbers, 5);
        after = outputs_differ(model, numbers, "after");
        if (!(at_once <= 2e-6 && after <= 1e-5))
            fail_msg("%s: outputs differ by %g, after 5 epochs by %g", cases[i].file, at_once,
                     after);
        model_free(model);
        fixture_free(numbers);
    }
}

static void test_keras_load_without_state_trains_on_as_one_that_is_new(void **state)
{
    load_options_t how = load_options_default();
    load_report_t report;
    fixture_t *numbers = fixture_load(cases[0].numbers);
    model_t *model = NULL;

    (void)state;
    how.training_state = false;
    how.report = &report;
    assert_int_equal(keras_load(keras_fixture_path(cases[0].file), &how, &model), DLCORE_OK);
    assert_true(report.compiled && !report.training_state);
    assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
    train_case(model, numbers, 5);
    assert_true(outputs_differ(model, numbers, "after") > 1e-4);
    model_free(model);

    how.training_state = true;
    how.compile = false;
    assert_int_equal(keras_load(keras_fixture_path(cases[0].file), &how, &model), DLCORE_OK);
    assert_true(!report.compiled && !report.training_state);
    assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
    model_free(model);
    fixture_free(numbers);
}

static void test_keras_load_memory_is_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        fixture_t *numbers = fixture_load(cases[i].numbers);
        keras_bytes_t file = keras_fixture_bytes(cases[i].file);
        model_t *model = NULL;

        assert_int_equal(keras_load_memory(file.bytes, file.size, NULL, &model), DLCORE_OK);
        free(file.bytes); /* nothing of it is kept */
        assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
        model_free(model);
        fixture_free(numbers);
    }
}

/* An entry of a .keras file, as a file of the folder. */
static void unpack(const keras_bytes_t *file, const char *name, const char *to)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_input_t input;
    dlcore_zip_t *zip = NULL;
    void *bytes = NULL;
    size_t index, size;
    FILE *out = fopen(to, "wb");

    dlcore_input_from_memory(&input, file->bytes, file->size, name);
    assert_non_null(out);
    assert_int_equal(dlcore_zip_open(&input, 1000, &allocator, &zip, NULL), DLCORE_OK);
    assert_true(dlcore_zip_find(zip, name, &index));
    assert_int_equal(dlcore_zip_read(zip, index, DLCORE_ZIP_NO_LIMIT, &bytes, &size, NULL),
                     DLCORE_OK);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    dlcore_release(&allocator, bytes);
    dlcore_zip_close(zip);
}

static void test_keras_load_unpacked_folder_is_the_file(void **state)
{
    keras_bytes_t file = keras_fixture_bytes("keras_3.15.1.keras");
    fixture_t *numbers = fixture_load("keras_3.15.1.txt");
    const char *config = folder_path("config.json"), *weights = folder_path("model.weights.h5");
    char folder[512];
    model_t *model = NULL;

    (void)state;
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(config) - strlen("/config.json")), config);
    unpack(&file, "config.json", config);
    unpack(&file, "model.weights.h5", weights);
    assert_int_equal(keras_load(folder, NULL, &model), DLCORE_OK);
    assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
    train_case(model, numbers, 5);
    assert_true(outputs_differ(model, numbers, "after") <= 1e-5);

    /* the numbers alone, as save_weights writes them */
    assert_int_equal(keras_load_weights(model, weights), DLCORE_OK);
    assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
    model_free(model);
    model = NULL;
    assert_int_equal(keras_load(weights, NULL, &model), DLCORE_ERROR_FORMAT);
    assert_null(model);
    assert_int_equal(remove(config) | remove(weights), 0);
    free(file.bytes);
    fixture_free(numbers);
}

static void test_keras_load_weights_alone_from_every_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        fixture_t *numbers = fixture_load(cases[i].numbers);
        keras_bytes_t file = keras_fixture_bytes(cases[i].file);
        model_t *model = load_case(&cases[i], NULL);

        train_case(model, numbers, 2);
        assert_true(outputs_differ(model, numbers, "outputs") > 1e-4);
        assert_int_equal(keras_load_weights_memory(model, file.bytes, file.size), DLCORE_OK);
        assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
        model_free(model);
        free(file.bytes);
        fixture_free(numbers);
    }
}

static void test_keras_load_weights_of_other_layers_is_refused_and_changes_nothing(void **state)
{
    fixture_t *numbers = fixture_load("keras_3.5.0.txt");
    model_t *model = load_case(&cases[3], NULL);

    (void)state;
    assert_int_equal(keras_load_weights(model, keras_fixture_path("keras_3.0.5.keras")),
                     DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(model_error(model), "batch_normalization"));
    assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
    model_free(model);
    fixture_free(numbers);
}

static void test_keras_load_inspect_says_what_it_is_or_why_not(void **state)
{
    const char *const wanted[] = {
        "Keras 3.5.0: 4 layers, 37 weights, 148 bytes",
        "batch_normalization (BatchNormalization), 4 to 4: gamma (4), beta",
        ", moving_mean (4), moving_variance (4)",
        "flatten (Flatten), 3 to 3: no weights",
        "dense (Dense), 3 to 4: kernel (3, 4), bias (4)",
        "compiled: optimizer rmsprop, loss huber, metrics none; training goes on from step 9"};
    FILE *stream = fopen(folder_path("told"), "w");
    error_record_t error = {.message = ""};
    load_options_t how = load_options_default();

    (void)state;
    assert_non_null(stream);
    assert_int_equal(keras_inspect(keras_fixture_path("keras_3.5.0.keras"), NULL, stream),
                     DLCORE_OK);
    how.error = &error;
    assert_int_equal(keras_inspect_memory("no file of Keras", 16, &how, stream),
                     DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "is no file of Keras"));
    fclose(stream);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strstr(folder_text("told"), wanted[i]) == NULL)
            fail_msg("not \"%s\" in\n%s", wanted[i], folder_text("told"));
    }
    assert_non_null(strstr(folder_text("told"), "cannot be loaded: memory: is no file of Keras"));
    assert_int_equal(keras_inspect("x", &how, NULL), DLCORE_ERROR_ARGUMENT);
}

/* A file with another word in a place of the same length, for the caller to free. */
static keras_bytes_t with_word(const char *file, const char *from, const char *to)
{
    keras_bytes_t bytes = keras_fixture_bytes(file);
    size_t length = strlen(from), at = 0;

    assert_int_equal(strlen(to), length);
    while (at + length <= bytes.size && memcmp(bytes.bytes + at, from, length) != 0)
        at++;
    assert_true(at + length <= bytes.size);
    memcpy(bytes.bytes + at, to, length);
    return bytes;
}

static void changed(const char *file, const char *from, const char *to, FILE *stream)
{
    keras_bytes_t bytes = with_word(file, from, to);

    assert_int_equal(keras_inspect_memory(bytes.bytes, bytes.size, NULL, stream),
                     DLCORE_ERROR_UNSUPPORTED);
    free(bytes.bytes);
}

static void test_keras_load_inspect_of_what_is_refused_tells_layers_and_settings(void **state)
{
    static const char *const wanted[] = {
        "cannot be loaded: memory: model_config: layer 3: this version has no layer \"PReLX\"\n",
        "Keras 3.15.1, layers:\n  input_layer (InputLayer): batch_shape [null, 3], ",
        "  dense (Dense): units 4, activation LeakyReLU, use_bias true\n",
        "  p_re_lu (PReLX); this version has no such layer\n",
        "  dropout (Dropout): rate 0.0\n",
        "compiled: optimizer Adam, loss sparse_categorical_crossentropy, metrics accuracy\n",
        "this version has no activation \"sparsemix\"",
        /* Keras 2, with another optimizer */
        "this version has no optimizer \"Custom>RMSprox\"",
        "  dense (Dense): units 4, activation \"tanh\", use_bias true\n",
        ("compiled: optimizer Custom>RMSprox, loss SparseCategoricalCrossentropy, metrics "
         "accuracy\n"),
    };
    FILE *stream = fopen(folder_path("refused"), "w");

    (void)state;
    assert_non_null(stream);
    changed("keras_3.15.1.h5", "\"PReLU\"", "\"PReLX\"", stream);
    changed("keras_2.15.1.h5", "\"units\": 4, \"activation\": \"tanh\", \"use_bias\": true",
            "\"units\":4,\"activation\":\"sparsemix\",\"use_bias\":true", stream);
    changed("keras_2.15.1.h5", "Custom>RMSprop", "Custom>RMSprox", stream);
    fclose(stream);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strstr(folder_text("refused"), wanted[i]) == NULL)
            fail_msg("not \"%s\" in\n%s", wanted[i], folder_text("refused"));
    }
}

/* Keras reads and writes it, and fails where such a layer is called: threshold() has two arguments
 * that no layer gives. */
static void test_keras_load_activation_threshold_is_refused_by_name(void **state)
{
    keras_bytes_t file =
        with_word("keras_2.15.1.h5", "\"units\": 4, \"activation\": \"tanh\", \"use_bias\": true",
                  "\"units\":4,\"activation\":\"threshold\",\"use_bias\":true");
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL;

    (void)state;
    how.error = &error;
    assert_int_equal(keras_load_memory(file.bytes, file.size, &how, &model),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_null(model);
    assert_non_null(strstr(error.message, "Dense: this version has no activation \"threshold\""));
    free(file.bytes);
}

/* By its version, whatever its state is called: RMSprop's rule was another one. */
static void test_keras_load_state_of_old_optimizers_is_refused(void **state)
{
    keras_bytes_t file = keras_fixture_bytes("keras_2.15.1.h5");
    load_options_t how = load_options_default();
    fixture_t *numbers = fixture_load("keras_2.15.1.txt");
    error_record_t error = {.message = ""};
    model_t *model = NULL;

    (void)state;
    for (size_t i = 0; i + 6 <= file.size; i++) { /* it stands there twice */
        if (memcmp(file.bytes + i, "2.15.1", 6) == 0)
            memcpy(file.bytes + i, "2.10.0", 6);
    }
    how.error = &error;
    assert_int_equal(keras_load_memory(file.bytes, file.size, &how, &model),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_null(model);
    assert_non_null(strstr(error.message, "that of Keras before 2.11, which trained by other "
                                          "rules: load without training_state"));
    how.training_state = false;
    assert_int_equal(keras_load_memory(file.bytes, file.size, &how, &model), DLCORE_OK);
    assert_true(outputs_differ(model, numbers, "outputs") <= 2e-6);
    model_free(model);
    fixture_free(numbers);
    free(file.bytes);
}

static void test_keras_load_misuse_is_refused(void **state)
{
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL;

    (void)state;
    how.error = &error;
    assert_int_equal(keras_load(NULL, &how, &model), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_load("x", &how, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_load(folder_path("absent.keras"), &how, &model), DLCORE_ERROR_IO);
    assert_int_equal(keras_load_memory("no file of Keras", 16, &how, &model), DLCORE_ERROR_FORMAT);
    how.require_checksum = true;
    assert_int_equal(keras_load(keras_fixture_path(cases[0].file), &how, &model),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_int_equal(keras_load_weights(NULL, "x"), DLCORE_ERROR_ARGUMENT);
}

static dlcore_status load_by(const dlcore_allocator_t *allocator, void *context)
{
    const keras_bytes_t *file = context;
    load_options_t how = load_options_default();
    model_t *model = NULL;
    dlcore_status status;

    how.model.allocator = *allocator;
    how.model.threads = 1;
    status = keras_load_memory(file->bytes, file->size, &how, &model);
    assert_true((status == DLCORE_OK) == (model != NULL));
    model_free(model);
    return status;
}

static void test_keras_load_without_memory_fails_cleanly(void **state)
{
    static const char *const files[] = {"keras_3.10.0.keras", "keras_2.15.1.h5"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        keras_bytes_t file = keras_fixture_bytes(files[i]);

        assert_true(failing_allocator_sweep(load_by, &file) > 20);
        free(file.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_load_every_version_predicts_and_goes_on_as_there),
        cmocka_unit_test(test_keras_load_without_state_trains_on_as_one_that_is_new),
        cmocka_unit_test(test_keras_load_memory_is_the_file),
        cmocka_unit_test(test_keras_load_unpacked_folder_is_the_file),
        cmocka_unit_test(test_keras_load_weights_alone_from_every_version),
        cmocka_unit_test(test_keras_load_weights_of_other_layers_is_refused_and_changes_nothing),
        cmocka_unit_test(test_keras_load_inspect_says_what_it_is_or_why_not),
        cmocka_unit_test(test_keras_load_inspect_of_what_is_refused_tells_layers_and_settings),
        cmocka_unit_test(test_keras_load_activation_threshold_is_refused_by_name),
        cmocka_unit_test(test_keras_load_state_of_old_optimizers_is_refused),
        cmocka_unit_test(test_keras_load_misuse_is_refused),
        cmocka_unit_test(test_keras_load_without_memory_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
