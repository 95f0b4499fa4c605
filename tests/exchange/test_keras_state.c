/* The order of Keras's list of an optimizer's variables, which has no names: as
 * keras/src/optimizers makes them; and lists of other lengths, as Keras 2 writes them or nobody.
 *
 * SPDX-License-Identifier: MIT */
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

#include <math.h>

#include "exchange/hdf5_seam.h"
#include "exchange/keras_state.h"
#include "nn/optimizer.h"
#include "support/keras_file.h"

/* "momentum kernel, velocity kernel, ..." of a dense layer that trains behind one that does not. */
static void list_state(const dlcore_optimizer_t *optimizer, char *text, size_t room)
{
    dlcore_layer_t frozen = dlcore_layer_dense(3, DLCORE_ACTIVATION_RELU);
    dlcore_model_t *model = NULL;
    dlcore_keras_state_t state;
    size_t used = 0;

    frozen.trainable = false;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, frozen);
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(
        dlcore_model_compile(model, optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, 4), DLCORE_OK);
    state = dlcore_keras_state(model);
    assert_int_equal(state.trainable, 2);
    for (size_t k = 0; k < state.vectors; k++) {
        size_t slot;
        dlcore_parameter_t parameter = dlcore_keras_state_vector(&state, k, &slot);

        used += (size_t)snprintf(text + used, room - used, "%s%s %s", k > 0 ? ", " : "",
                                 dlcore_optimizer_slot_name(optimizer, slot), parameter.name);
    }
    dlcore_model_free(model);
}

static void check_order(dlcore_optimizer_t optimizer, const char *wanted)
{
    char text[512] = "";

    list_state(&optimizer, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void test_keras_state_order_is_that_of_keras(void **state)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam(), rmsprop = dlcore_optimizer_rmsprop();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    (void)state;
    check_order(sgd, "");
    check_order(adam, "momentum kernel, velocity kernel, momentum bias, velocity bias");
    adam.amsgrad = true;
    check_order(adam, "momentum kernel, velocity kernel, momentum bias, velocity bias, "
                      "velocity_hat kernel, velocity_hat bias");
    rmsprop.momentum = 0.5;
    rmsprop.centered = true;
    check_order(rmsprop, "velocity kernel, velocity bias, momentum kernel, momentum bias, "
                         "average_gradient kernel, average_gradient bias");
    sgd.momentum = 0.9;
    sgd.use_ema = true;
    sgd.gradient_accumulation_steps = 2;
    check_order(sgd, "average kernel, average bias, gradient_accumulator kernel, "
                     "gradient_accumulator bias, momentum kernel, momentum bias");
    check_order(dlcore_optimizer_lion(), "momentum kernel, momentum bias");
    check_order(dlcore_optimizer_ftrl(),
                "accumulator kernel, linear kernel, accumulator bias, linear bias");
    check_order(dlcore_optimizer_adafactor(), "r kernel, c kernel, velocity kernel, r bias, "
                                              "c bias, velocity bias");
}

/* ---- lists in files ---- */

enum { LONGEST = 600 }; /* of a name; a path may have 511 bytes */

/* A file's list of arrays, a letter for each: 'i' a count of steps, 'n' a number of 0.25, 'K', 'B',
 * 'k' and 'b' arrays of the shapes of the fixtures' weights, 'L' a name that is too long. */
typedef struct list {
    const char *fixture;
    const char *config; /* NULL: the fixture's */
    const char *arrays;
    int64_t steps;
} list_t;

/* An array of that letter, under its place in the list. */
static void put_array(hid_t group, const list_t *list, size_t index)
{
    char letter = list->arrays[index], name[24];
    const hsize_t kernel[2] = {letter == 'K' ? 3 : 4, letter == 'K' ? 4 : 1};
    const hsize_t bias = letter == 'B' ? 4 : 1;
    double numbers[12];
    hid_t type = letter == 'i' ? H5T_STD_I64LE : H5T_IEEE_F32LE, space, set;

    for (size_t i = 0; i < 12; i++)
        numbers[i] = letter == 'i' ? (double)list->steps : 0.25;
    space = letter == 'i' || letter == 'n' || letter == 'L' ? H5Screate(H5S_SCALAR)
            : letter == 'K' || letter == 'k'                ? H5Screate_simple(2, kernel, NULL)
                                                            : H5Screate_simple(1, &bias, NULL);
    snprintf(name, sizeof name, "%zu", index);
    set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(set >= 0);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* A text, or a list of texts of one width. */
static void put_texts(hid_t at, const char *name, const char *texts, size_t width, size_t count)
{
    const hsize_t length = count;
    hid_t type = H5Tcopy(H5T_C_S1), attribute;
    hid_t space = count > 0 ? H5Screate_simple(1, &length, NULL) : H5Screate(H5S_SCALAR);

    assert_true(H5Tset_size(type, width) >= 0);
    if (H5Aexists(at, name) > 0)
        assert_true(H5Adelete(at, name) >= 0);
    attribute = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(attribute >= 0);
    assert_true(H5Awrite(attribute, type, texts) >= 0);
    H5Aclose(attribute);
    H5Tclose(type);
    H5Sclose(space);
}

static void put_list(hid_t file, const list_t *list)
{
    size_t count = strlen(list->arrays);
    char *names = calloc(count + 1, LONGEST);
    hid_t group;

    assert_non_null(names);
    assert_true(H5Ldelete(file, "optimizer_weights", H5P_DEFAULT) >= 0);
    group = H5Gcreate2(file, "optimizer_weights", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(group >= 0);
    for (size_t i = 0; i < count; i++) {
        put_array(group, list, i);
        snprintf(names + i * LONGEST, LONGEST, "%0*zu", list->arrays[i] == 'L' ? LONGEST - 1 : 0,
                 i);
    }
    if (count > 0)
        put_texts(group, "weight_names", names, LONGEST, count);
    if (list->config != NULL)
        put_texts(file, "training_config", list->config, strlen(list->config), 0);
    H5Gclose(group);
    free(names);
}

static keras_bytes_t file_with(const list_t *list)
{
    keras_bytes_t before = keras_fixture_bytes(list->fixture), after = {.size = 0};
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file;
    ssize_t length;

    assert_true(H5Pset_fapl_core(access, 65536, 0) >= 0);
    assert_true(H5Pset_file_image(access, before.bytes, before.size) >= 0);
    file = H5Fopen("list", 1 /* to be written */, access);
    assert_true(file >= 0);
    put_list(file, list);
    assert_true(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0);
    length = H5Fget_file_image(file, NULL, 0);
    assert_true(length > 0);
    after.size = (size_t)length;
    after.bytes = malloc(after.size);
    assert_non_null(after.bytes);
    assert_true(H5Fget_file_image(file, after.bytes, after.size) == length);
    H5Fclose(file);
    H5Pclose(access);
    free(before.bytes);
    return after;
}

/* NULL: refused, with that message. */
static dlcore_model_t *load_list(list_t list, dlcore_status wanted, const char *text,
                                 dlcore_load_report_t *report)
{
    keras_bytes_t file = file_with(&list);
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;
    dlcore_status status;

    how.model.threads = 1;
    how.error = &error;
    how.report = report;
    status = dlcore_keras_load_memory(file.bytes, file.size, &how, &model);
    if (status != wanted || strstr(error.message, text) == NULL)
        fail_msg("\"%s\": %s, \"%s\"", list.arrays, dlcore_status_string(status), error.message);
    free(file.bytes);
    return model;
}

static void assert_list(list_t list, bool restored)
{
    dlcore_load_report_t report;
    dlcore_model_t *model = load_list(list, DLCORE_OK, "", &report);

    assert_true(report.compiled && report.training_state == restored);
    assert_true(model->steps_trained == (restored ? (uint64_t)list.steps : 0));
    dlcore_model_free(model);
}

static void assert_no_list(list_t list, dlcore_status status, const char *text)
{
    assert_null(load_list(list, status, text, NULL));
}

static const char keras_2[] = "keras_product.h5", keras_3[] = "keras_constants.h5";
static const char of_sgd[] = "{\"loss\":\"mse\",\"metrics\":[],\"optimizer_config\":{"
                             "\"class_name\":\"SGD\",\"config\":{\"learning_rate\":0.01}}}";
static const char of_nadam[] = "{\"loss\":\"mse\",\"metrics\":[],\"optimizer_config\":{"
                               "\"class_name\":\"Nadam\",\"config\":{\"learning_rate\":0.01}}}";
static const char of_averages[] =
    "{\"loss\":\"mse\",\"metrics\":[],\"optimizer_config\":{\"class_name\":\"Nadam\",\"config\":{"
    "\"learning_rate\":0.01,\"use_ema\":true,\"ema_momentum\":0.9}}}";

/* Of plain SGD it has the last updates, as momenta, or only the count of steps. */
static void test_keras_state_lists_of_keras_2_are_read_or_refused(void **state)
{
    (void)state;
    assert_list((list_t){keras_2, of_sgd, "iKBkb", 7}, true);
    assert_list((list_t){keras_2, of_sgd, "i", 7}, true);
    assert_no_list((list_t){keras_2, of_sgd, "iKBk", 7}, DLCORE_ERROR_UNSUPPORTED,
                   "the optimizer's state has 4 arrays, that of sgd");
    assert_no_list((list_t){keras_2, NULL, "iKKBBkkbbbb", 7}, DLCORE_ERROR_UNSUPPORTED,
                   "the optimizer's state has 11 arrays, that of nadam");
}

/* Keras 2 leaves nadam's product out: it is made from the steps, whose factors soon are beta_1. */
static void test_keras_state_product_is_made_from_many_steps(void **state)
{
    dlcore_model_t *few, *many;

    (void)state;
    few = load_list((list_t){keras_2, NULL, "iKKBBkkbb", 500}, DLCORE_OK, "", NULL);
    many = load_list((list_t){keras_2, NULL, "iKKBBkkbb", 600}, DLCORE_OK, "", NULL);
    assert_true(few->trainer.clock.product > 0.0);
    assert_true(fabs(many->trainer.clock.product / few->trainer.clock.product / pow(0.9, 100.0) -
                     1.0) < 1e-9);
    dlcore_model_free(few);
    dlcore_model_free(many);
}

/* Of Keras 3 the product stands behind the averages and before nadam's own vectors. */
static void test_keras_state_product_behind_averages_is_found(void **state)
{
    dlcore_model_t *model;

    (void)state;
    model = load_list((list_t){keras_3, of_averages, "inKBkbnKKBBkkbb", 7}, DLCORE_OK, "", NULL);
    assert_true(model->trainer.clock.product == 0.25);
    dlcore_model_free(model);
    assert_no_list((list_t){keras_3, of_averages, "inKKkbnKKBBkkbb", 7}, DLCORE_ERROR_SHAPE,
                   "average/bias is (4)");
    assert_no_list((list_t){keras_3, of_averages, "inKBkbnKKBBkkbB", 7}, DLCORE_ERROR_SHAPE,
                   "velocity/bias is (1)");
    assert_no_list((list_t){keras_3, of_nadam, "inLKKBBkkbb", 7}, DLCORE_ERROR_UNSUPPORTED,
                   "has more than 511 bytes");
}

static void test_keras_state_that_is_empty_is_none(void **state)
{
    (void)state;
    assert_list((list_t){keras_3, NULL, "", 0}, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_state_order_is_that_of_keras),
        cmocka_unit_test(test_keras_state_lists_of_keras_2_are_read_or_refused),
        cmocka_unit_test(test_keras_state_product_is_made_from_many_steps),
        cmocka_unit_test(test_keras_state_product_behind_averages_is_found),
        cmocka_unit_test(test_keras_state_that_is_empty_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
