/* Models saved for Keras and loaded again: every optimizer's state, all layers, to the bit; what a
 * file looks like; what is refused. That Keras opens them, tests/keras_files.sh looks at.
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

#include <dlcore.h>
#include <dlcore/keras.h>

#include "base/allocator.h"
#include "exchange/hdf5.h"
#include "exchange/zip.h"
#include "model/model.h"
#include "nn/optimizer.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/models.h"

enum { SAMPLES = 12, WIDTH = 5 };

static float samples[SAMPLES * WIDTH];
static int32_t labels[SAMPLES];

static int make_samples(void **state)
{
    for (int i = 0; i < SAMPLES * WIDTH; i++)
        samples[i] = (float)((i * 37) % 23) * 0.1f - 1.0f;
    for (int i = 0; i < SAMPLES; i++)
        labels[i] = i % 3;
    return folder_make(state);
}

static void step(model_t *model, size_t steps)
{
    static const size_t shape[1] = {SAMPLES};
    tensor_t *x = borrow_floats(samples, SAMPLES, WIDTH), *y = NULL;

    assert_int_equal(tensor_borrow_const(NULL, DTYPE_INT32, 1, shape, labels, 0, &y, NULL),
                     DLCORE_OK);
    for (size_t i = 0; i < steps; i++)
        assert_accepted(model, model_train_on_batch(model, x, y, NULL));
    tensor_free(x);
    tensor_free(y);
}

/* Every kind of layer. NULL without memory. */
static model_t *all_layers(const model_options_t *options, const optimizer_t *optimizer)
{
    compile_options_t settings = compile_options_default();
    layer_t hidden = layer_dense(7, ACTIVATION_LEAKY_RELU), bare = layer_batch_normalization();
    model_t *model = NULL;

    if (model_create(options, &model) != DLCORE_OK)
        return NULL;
    hidden.negative_slope = 0.3;
    hidden.kernel_regularizer.l2 = 0.01;
    hidden.kernel_constraint = constraint_max_norm(2.0);
    bare.center = bare.use_scale = false;
    model_add(model, layer_rescaling(0.5, 0.0));
    model_add(model, layer_flatten());
    model_add(model, layer_normalization());
    model_add(model, hidden);
    model_add(model, layer_batch_normalization());
    model_add(model, layer_dropout(0.25));
    model_add(model, layer_dense(6, ACTIVATION_LINEAR));
    model_add(model, layer_prelu());
    model_add(model, layer_layer_normalization());
    model_add(model, bare);
    model_add(model, layer_gaussian_noise(0.1));
    model_add(model, layer_activation(ACTIVATION_TANH));
    model_add(model, layer_dense(3, ACTIVATION_SOFTMAX));
    settings.optimizer = *optimizer;
    settings.loss = loss_sparse_categorical_crossentropy();
    settings.metrics[0] = metric_default(METRIC_ACCURACY);
    settings.metric_count = 1;
    if (model_compile_with(model, &settings) == DLCORE_OK && model_build(model, WIDTH) == DLCORE_OK)
        return model;
    if (options == NULL)
        fail_msg("%s", model_error(model));
    model_free(model);
    return NULL;
}

static void assert_same_weights(const model_t *a, const model_t *b)
{
    size_t count = model_parameter_count(a);
    float *ours = malloc(2 * count * sizeof *ours);

    assert_non_null(ours);
    assert_int_equal(model_parameter_count(b), count);
    assert_int_equal(model_get_weights(a, ours, count), DLCORE_OK);
    assert_int_equal(model_get_weights(b, ours + count, count), DLCORE_OK);
    assert_memory_equal(ours, ours + count, count * sizeof *ours);
    free(ours);
}

static model_t *through_file(const model_t *model)
{
    save_options_t how = save_options_default();
    load_options_t back = load_options_default();
    error_record_t error = {.message = ""};
    load_report_t report;
    model_t *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;

    how.error = back.error = &error;
    back.report = &report;
    if (keras_save_memory(model, &how, &bytes, &size) != DLCORE_OK)
        fail_msg("%s", error.message);
    if (keras_load_memory(bytes, size, &back, &loaded) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_true(report.compiled && report.training_state);
    free(bytes);
    return loaded;
}

/* Trained, saved, loaded: both train on alike. */
static void check_going_on(const optimizer_t *optimizer)
{
    model_t *model = all_layers(NULL, optimizer), *loaded;

    assert_non_null(model);
    step(model, 3);
    loaded = through_file(model);
    assert_same_weights(model, loaded);
    assert_true(model_learning_rate(model) == model_learning_rate(loaded) ||
                (float)model_learning_rate(model) == (float)model_learning_rate(loaded));
    step(model, 4);
    step(loaded, 4);
    assert_same_weights(model, loaded);
    model_free(loaded);
    model_free(model);
}

static void test_keras_save_every_optimizer_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    for (int kind = 1; kind < DLCORE_OPTIMIZER_KIND_COUNT; kind++) {
        optimizer_t optimizer = optimizer_from_name(optimizer_name((optimizer_kind_t)kind));

        check_going_on(&optimizer);
        optimizer.momentum = 0.5;
        optimizer.amsgrad = true;
        optimizer.centered = true;
        optimizer.use_ema = true;
        optimizer.weight_decay = 0.01;
        check_going_on(&optimizer);
        optimizer.centered = false;
        optimizer.gradient_accumulation_steps = 2;
        optimizer.schedule = schedule_exponential_decay(0.01, 5, 0.9);
        check_going_on(&optimizer);
    }
}

static void test_keras_save_rate_that_was_changed_is_kept(void **state)
{
    optimizer_t adam = optimizer_adam();
    model_t *model = all_layers(NULL, &adam), *loaded;

    (void)state;
    step(model, 1);
    assert_accepted(model, model_set_learning_rate(model, 0.25));
    loaded = through_file(model);
    assert_true(model_learning_rate(loaded) == 0.25);
    model_free(loaded);
    model_free(model);
}

/* Keras adds to the sums that it finds. */
static void test_keras_save_sums_of_steps_are_0_between_two_groups(void **state)
{
    optimizer_t sgd = optimizer_sgd();
    model_t *model;

    (void)state;
    sgd.gradient_accumulation_steps = 2;
    model = all_layers(NULL, &sgd);
    for (size_t steps = 1; steps <= 4; steps++) {
        model_t *loaded;
        double sum = 0.0;

        step(model, 1);
        loaded = through_file(model);
        for (size_t i = 0; i < loaded->network.value_floats; i++)
            sum += (double)(loaded->trainer.slots[i] * loaded->trainer.slots[i]);
        assert_true((sum == 0.0) == (steps % 2 == 0));
        model_free(loaded);
    }
    model_free(model);
}

static void test_keras_save_not_trained_and_not_compiled_load_as_such(void **state)
{
    optimizer_t adam = optimizer_adam();
    model_t *model = all_layers(NULL, &adam), *loaded;
    load_options_t how = load_options_default();
    load_report_t report;
    void *bytes = NULL;
    size_t size;

    (void)state;
    loaded = through_file(model);
    step(model, 2);
    step(loaded, 2);
    assert_same_weights(model, loaded);
    model_free(loaded);
    model_free(model);

    model = loaded = NULL;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(2, ACTIVATION_RELU)));
    assert_accepted(model, model_build(model, 3));
    how.report = &report;
    assert_int_equal(keras_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(keras_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    assert_true(!report.compiled && !report.training_state);
    assert_same_weights(model, loaded);
    free(bytes);
    model_free(loaded);
    model_free(model);
}

static void test_keras_save_same_model_is_the_same_file_of_three_stored_entries(void **state)
{
    static const char *const names[] = {"metadata.json", "config.json", "model.weights.h5"};
    optimizer_t adam = optimizer_adam();
    dlcore_allocator_t allocator = dlcore_allocator_default();
    model_t *model = all_layers(NULL, &adam);
    void *bytes[2] = {NULL, NULL}, *text = NULL;
    size_t sizes[2], size;
    dlcore_input_t input;
    dlcore_zip_t *zip = NULL;

    (void)state;
    step(model, 2);
    model->network.nodes[3].layer.bias_initializer =
        (initializer_t){.kind = INITIALIZER_NAMED, .name = "Own"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(keras_save_memory(model, NULL, &bytes[i], &sizes[i]), DLCORE_OK);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);

    dlcore_input_from_memory(&input, bytes[0], sizes[0], "saved");
    assert_int_equal(dlcore_zip_open(&input, 1000, &allocator, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_count(zip), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(dlcore_zip_entry(zip, i).name, names[i]);
        assert_false(dlcore_zip_entry(zip, i).compressed);
    }
    /* an initializer that nobody has is left out, doubles are such to Python */
    assert_int_equal(dlcore_zip_read(zip, 1, DLCORE_ZIP_NO_LIMIT, &text, &size, NULL), DLCORE_OK);
    ((char *)text)[size - 1] = '\0';
    assert_null(strstr(text, "Own"));
    assert_null(strstr(text, "gradient_accumulation_steps"));
    assert_non_null(strstr(text, "\"offset\":0.0"));
    dlcore_release(&allocator, text);
    dlcore_zip_close(zip);
    free(bytes[0]);
    free(bytes[1]);
    model_free(model);
}

/* config.json of a saved file, terminated; to be released. */
static char *config_of(const void *bytes, size_t size)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_zip_t *zip = NULL;
    dlcore_input_t input;
    void *text = NULL;
    size_t length;

    dlcore_input_from_memory(&input, bytes, size, "saved");
    assert_int_equal(dlcore_zip_open(&input, 1000, &allocator, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_read(zip, 1, DLCORE_ZIP_NO_LIMIT, &text, &length, NULL), DLCORE_OK);
    ((char *)text)[length - 1] = '\0';
    dlcore_zip_close(zip);
    return text;
}

/* Keras before 3.10 cannot read one as the activation of an Activation. */
static void test_keras_save_activations_with_parameters_are_layers_of_their_class(void **state)
{
    static const char *const classes[] = {"\"class_name\":\"LeakyReLU\"", "\"class_name\":\"ELU\"",
                                          "\"class_name\":\"ReLU\""};
    dlcore_allocator_t allocator = dlcore_allocator_default();
    layer_t layers[] = {layer_activation(ACTIVATION_LEAKY_RELU), layer_activation(ACTIVATION_ELU),
                        layer_relu(2.0, 0.125, 0.25), layer_dense(2, ACTIVATION_LINEAR)};
    model_t *model = NULL, *loaded = NULL;
    void *bytes = NULL;
    size_t size;
    char *text;

    (void)state;
    layers[0].negative_slope = 0.125;
    layers[1].alpha = 0.5;
    layers[1].trainable = false;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < 4; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_build(model, WIDTH));
    assert_int_equal(keras_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    text = config_of(bytes, size);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(text, classes[i]));
    assert_null(strstr(text, "\"Activation\""));
    dlcore_release(&allocator, text);
    assert_int_equal(keras_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    for (size_t i = 0; i < 3; i++) {
        const layer_t *layer = model_layer(loaded, i);

        assert_int_equal(layer->activation, layers[i].activation);
        assert_int_equal(layer->trainable, layers[i].trainable);
        assert_true(i == 1 || layer->negative_slope == 0.125);
        assert_true(i != 1 || layer->alpha == 0.5);
        assert_true(i != 2 || (layer->max_value == 2.0 && layer->threshold == 0.25));
    }
    free(bytes);
    model_free(loaded);
    model_free(model);
}

/* Each behind a dense layer of 6 units, then flat layers by name, NULL at the end. */
static model_t *groups_model(const char *const *names)
{
    layer_t dense = layer_dense(6, ACTIVATION_LINEAR), groups = layer_grouped_softmax(3);
    layer_t flat = layer_flatten();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, dense));
    snprintf(groups.name, sizeof groups.name, "%s", names[0]);
    assert_accepted(model, model_add(model, groups));
    assert_accepted(model, model_add(model, layer_dense(6, ACTIVATION_LINEAR)));
    for (names++; *names != NULL; names++) {
        snprintf(flat.name, sizeof flat.name, "%s", *names);
        assert_accepted(model, model_add(model, flat));
        assert_accepted(model, model_add(model, layer_activation(ACTIVATION_TANH)));
    }
    assert_accepted(model, model_build(model, WIDTH));
    return model;
}

static model_t *saved_and_loaded(const model_t *model)
{
    save_options_t how = save_options_default();
    load_options_t back = load_options_default();
    error_record_t error = {.message = ""};
    model_t *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;

    how.error = back.error = &error;
    if (keras_save_memory(model, &how, &bytes, &size) != DLCORE_OK ||
        keras_load_memory(bytes, size, &back, &loaded) != DLCORE_OK)
        fail_msg("%s", error.message);
    free(bytes);
    return loaded;
}

/* Which has another name there, in a Dense and as a layer, and here a file of its own. */
static void test_keras_save_sparsemax_of_keras_is_called_sparsemax_there(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    model_t *model = NULL, *loaded = NULL;
    void *bytes = NULL;
    size_t size;
    char *text, *at;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(3, ACTIVATION_SPARSEMAX_KERAS)));
    assert_accepted(model, model_add(model, layer_activation(ACTIVATION_SPARSEMAX_KERAS)));
    assert_accepted(model, model_build(model, WIDTH));
    assert_int_equal(keras_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    text = config_of(bytes, size);
    at = strstr(text, "\"activation\":\"sparsemax\"");
    assert_non_null(at);
    assert_non_null(strstr(at + 1, "\"activation\":\"sparsemax\""));
    assert_null(strstr(text, "sparsemax_keras"));
    dlcore_release(&allocator, text);
    free(bytes);
    loaded = saved_and_loaded(model);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(model_layer(loaded, i)->activation, ACTIVATION_SPARSEMAX_KERAS);
    model_free(loaded);
    model_free(model);
}

#define LONG54 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzab"

/* Keras has the groups between a Reshape and a Flatten, whose names were not taken, and fit. */
static void test_keras_save_groups_are_saved_again_without_growing(void **state)
{
    static const char *const models[][4] = {
        {"x", NULL},
        {"x", "x_reshape", "x_flatten", NULL},
        {"x", "reshape_1", "x_reshape", NULL},
        {LONG54, NULL},
        {LONG54 "1", NULL},
        {LONG54 "12", "flatten_1", NULL},
        {LONG54 "12345678", NULL},
        {LONG54 "123456789", "reshape_1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        model_t *model = groups_model(models[i]), *loaded = saved_and_loaded(model);
        size_t count = model_layer_count(loaded);

        assert_int_equal(count, model_layer_count(model) + 2);
        assert_string_equal(model_layer(loaded, 2)->name, models[i][0]);
        for (int again = 0; again < 3; again++) {
            model_t *next = saved_and_loaded(loaded);

            assert_same_weights(model, next);
            assert_int_equal(model_layer_count(next), count);
            for (size_t k = 0; k < count; k++) {
                assert_string_equal(model_layer(next, k)->name, model_layer(loaded, k)->name);
                assert_int_equal(model_layer(next, k)->kind, model_layer(loaded, k)->kind);
            }
            model_free(loaded);
            loaded = next;
        }
        model_free(loaded);
        model_free(model);
    }
}

/* A Flatten is part of one of two groups beside it; a first one brings the input along. */
static void test_keras_save_groups_share_no_flatten(void **state)
{
    model_t *model = NULL, *loaded, *again;
    layer_t first = layer_flatten();

    (void)state;
    first.input_width = 6;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, first));
    assert_accepted(model, model_add(model, layer_grouped_softmax(3)));
    assert_accepted(model, model_add(model, layer_flatten()));
    assert_accepted(model, model_add(model, layer_grouped_softmax(2)));
    assert_accepted(model, model_add(model, layer_grouped_softmax(6)));
    assert_accepted(model, model_build(model, 6));
    loaded = saved_and_loaded(model);
    assert_int_equal(model_layer_count(loaded), 9); /* F g F F g F F g F */
    assert_int_equal(model_layer(loaded, 0)->input_width, 6);
    assert_int_equal(model_layer(loaded, 4)->axis_width, 2);
    assert_int_equal(model_layer(loaded, 7)->axis_width, 6);
    again = saved_and_loaded(loaded);
    assert_int_equal(model_layer_count(again), 9);
    model_free(again);
    model_free(loaded);
    model_free(model);
}

/* Keras before 3.10 wants that of the model itself, too. */
static void test_keras_save_every_group_of_variables_is_there(void **state)
{
    static const char *const groups[] = {"vars", "layers/dense/vars", "layers/dropout/vars",
                                         "optimizer/vars"};
    optimizer_t sgd = optimizer_sgd();
    model_t *model = all_layers(NULL, &sgd);
    dlcore_allocator_t allocator = dlcore_allocator_default();
    dlcore_zip_t *zip = NULL;
    dlcore_input_t input;
    dlcore_hdf5_t file;
    void *bytes = NULL, *numbers = NULL;
    size_t size;

    (void)state;
    assert_int_equal(keras_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    dlcore_input_from_memory(&input, bytes, size, "saved");
    assert_int_equal(dlcore_zip_open(&input, 1000, &allocator, &zip, NULL), DLCORE_OK);
    assert_int_equal(dlcore_zip_read(zip, 2, DLCORE_ZIP_NO_LIMIT, &numbers, &size, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_hdf5_open(&file, numbers, size, "numbers", NULL), DLCORE_OK);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        bool there = false;

        assert_int_equal(dlcore_hdf5_has(&file, groups[i], &there), DLCORE_OK);
        assert_true(there);
    }
    dlcore_hdf5_close(&file);
    dlcore_release(&allocator, numbers);
    dlcore_zip_close(zip);
    free(bytes);
    model_free(model);
}

static void test_keras_save_weights_alone_come_back(void **state)
{
    optimizer_t adam = optimizer_adam();
    model_t *model = all_layers(NULL, &adam), *other = all_layers(NULL, &adam);
    const char *path = folder_path("w.weights.h5");
    void *bytes = NULL;
    size_t size;

    (void)state;
    step(model, 3);
    assert_int_equal(keras_save_weights(model, path, NULL), DLCORE_OK);
    assert_accepted(other, keras_load_weights(other, path));
    assert_same_weights(model, other);
    step(model, 1);
    assert_int_equal(keras_save_weights_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_accepted(other, keras_load_weights_memory(other, bytes, size));
    assert_same_weights(model, other);
    free(bytes);
    model_free(other);
    model_free(model);
}

static void test_keras_save_file_is_whole_or_not_there(void **state)
{
    optimizer_t sgd = optimizer_sgd();
    model_t *model = all_layers(NULL, &sgd), *loaded = NULL;
    save_options_t how = save_options_default();
    error_record_t error = {.message = ""};

    (void)state;
    how.error = &error;
    (void)folder_files(true);
    assert_int_equal(keras_save(model, folder_path("a.h5"), &how), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, ".keras"));
    assert_int_equal(keras_save(model, folder_path("b.keras"), &how), DLCORE_OK);
    assert_int_equal(keras_save_weights(model, folder_path("a.keras"), &how),
                     DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_save(model, NULL, &how), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_save(NULL, folder_path("a.keras"), &how), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(keras_save(model, folder_path("absent/a.keras"), &how), DLCORE_ERROR_IO);
    assert_int_equal(folder_files(true), 1);
    assert_int_equal(keras_save(model, folder_path("a.keras"), &how), DLCORE_OK);
    assert_int_equal(folder_files(false), 1);
    assert_int_equal(keras_load(folder_path("a.keras"), NULL, &loaded), DLCORE_OK);
    assert_same_weights(model, loaded);
    model_free(loaded);
    model_free(model);
}

static void test_keras_save_what_keras_has_no_place_for_is_refused(void **state)
{
    optimizer_t adam = optimizer_adam();
    save_options_t how = save_options_default();
    error_record_t error = {.message = ""};
    model_t *model = all_layers(NULL, &adam), *loaded;
    void *bytes = NULL;
    size_t size;

    (void)state;
    how.error = &error;
    assert_accepted(model, model_set_trainable(model, 3, false));
    step(model, 2);
    loaded = through_file(model); /* frozen from the beginning: there is no state of it */
    step(model, 2);
    step(loaded, 2);
    assert_same_weights(model, loaded);
    model_free(loaded);
    assert_accepted(model, model_set_trainable(model, 6, false));
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "dense_1 is frozen"));
    how.training_state = false;
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_OK);
    free(bytes);
    model_free(model);

    adam.weight_decay = 0.1;
    adam.weight_decay_excludes_bias = true;
    model = all_layers(NULL, &adam);
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "weight_decay_excludes_bias"));
    model_free(model);

    adam = optimizer_adam();
    adam.schedule = schedule_one_cycle(0.1, 10);
    model = all_layers(NULL, &adam);
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "Keras has no schedule OneCycle"));
    model_free(model);

    adam = optimizer_adam();
    model = all_layers(NULL, &adam);
    assert_accepted(model, model_compile(model, &adam, LOSS_QUANTILE, METRIC_NONE));
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "Keras has no loss quantile"));
    model_free(model);

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(3, ACTIVATION_SPARSEMAX)));
    assert_accepted(model, model_build(model, 4));
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "dense has the activation sparsemax"));
    model_free(model);

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model,
                    model_add(model, layer_embedding(&(embedding_t){.column = 0, .count = 3}, 1)));
    assert_accepted(model, model_build(model, 2));
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "Keras has no layer like embedding (Embedding)"));
    assert_int_equal(keras_save_weights_memory(model, &how, &bytes, &size),
                     DLCORE_ERROR_UNSUPPORTED);
    model_free(model);
}

static void assert_unsaved(model_t *model, const save_options_t *how, dlcore_status wanted,
                           const char *text)
{
    void *bytes = NULL;
    size_t size;

    assert_int_equal(keras_save_memory(model, how, &bytes, &size), wanted);
    assert_null(bytes);
    if (how->error != NULL && strstr(how->error->message, text) == NULL)
        fail_msg("%s", how->error->message);
}

static double no_rate(void *user, uint64_t step)
{
    (void)user;
    (void)step;
    return (double)INFINITY;
}

static void test_keras_save_misuse_is_refused(void **state)
{
    save_options_t how = save_options_default(), zeroed = {.error = NULL};
    compile_options_t settings = compile_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL;

    (void)state;
    how.error = &error;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(4, ACTIVATION_LINEAR)));
    assert_unsaved(model, &how, DLCORE_ERROR_STATE, "the model has no weights before it is built");
    assert_unsaved(model, &zeroed, DLCORE_ERROR_ARGUMENT, "");
    assert_accepted(model, model_build(model, 4));
    settings.loss = loss_mean_squared_error();
    settings.loss.missing_labels = true;
    assert_accepted(model, model_compile_with(model, &settings));
    assert_unsaved(model, &how, DLCORE_ERROR_UNSUPPORTED,
                   "missing_labels of the loss, mean_squared_error, is nothing that Keras has");
    settings.loss.missing_labels = false;
    settings.loss.weighted_labels = true;
    assert_accepted(model, model_compile_with(model, &settings));
    assert_unsaved(model, &how, DLCORE_ERROR_UNSUPPORTED, "weighted_labels of the loss");
    settings.loss.weighted_labels = false;
    settings.optimizer = optimizer_sgd();
    settings.optimizer.schedule = schedule_function(no_rate, NULL);
    assert_accepted(model, model_compile_with(model, &settings));
    assert_unsaved(model, &how, DLCORE_ERROR_UNSUPPORTED,
                   "learning_rate is inf: JSON has no such number");
    model_free(model);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_glu()));
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, 4));
    assert_unsaved(model, &how, DLCORE_ERROR_UNSUPPORTED, "glu is glu and not the last layer");
    model_free(model);
}

static dlcore_status save_by(const dlcore_allocator_t *allocator, void *context)
{
    optimizer_t adam = optimizer_adam();
    model_options_t options = model_options_default();
    model_t *model;
    void *bytes = NULL;
    size_t size;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    options.threads = 1;
    model = all_layers(&options, &adam);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = keras_save_memory(model, NULL, &bytes, &size);
    assert_true((status == DLCORE_OK) == (bytes != NULL));
    if (bytes != NULL)
        allocator->release(allocator->user, bytes);
    model_free(model);
    return status;
}

static void test_keras_save_without_memory_fails_cleanly(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(save_by, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_save_every_optimizer_goes_on_to_the_same_bits),
        cmocka_unit_test(test_keras_save_rate_that_was_changed_is_kept),
        cmocka_unit_test(test_keras_save_sums_of_steps_are_0_between_two_groups),
        cmocka_unit_test(test_keras_save_not_trained_and_not_compiled_load_as_such),
        cmocka_unit_test(test_keras_save_same_model_is_the_same_file_of_three_stored_entries),
        cmocka_unit_test(test_keras_save_activations_with_parameters_are_layers_of_their_class),
        cmocka_unit_test(test_keras_save_sparsemax_of_keras_is_called_sparsemax_there),
        cmocka_unit_test(test_keras_save_groups_are_saved_again_without_growing),
        cmocka_unit_test(test_keras_save_groups_share_no_flatten),
        cmocka_unit_test(test_keras_save_every_group_of_variables_is_there),
        cmocka_unit_test(test_keras_save_weights_alone_come_back),
        cmocka_unit_test(test_keras_save_file_is_whole_or_not_there),
        cmocka_unit_test(test_keras_save_what_keras_has_no_place_for_is_refused),
        cmocka_unit_test(test_keras_save_misuse_is_refused),
        cmocka_unit_test(test_keras_save_without_memory_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, make_samples, folder_remove);
}
