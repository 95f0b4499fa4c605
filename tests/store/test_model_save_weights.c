/* Weights for other programs: names, kernels and elements; and back.
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

#include "dlcore/file.h"
#include "dlcore/weights.h"
#include "support/failing_allocator.h"
#include "support/folder.h"
#include "support/foreign_models.h"
#include "support/models.h"
#include "support/tensors.h"

static dlcore_save_weights_options_t pytorch_style(void)
{
    dlcore_save_weights_options_t how = dlcore_save_weights_options_default();

    how.style = DLCORE_WEIGHT_STYLE_PYTORCH;
    return how;
}

/* The file's header, terminated; for free. */
static char *saved_header(const dlcore_model_t *model, const dlcore_save_weights_options_t *how)
{
    size_t size, length;
    void *bytes;
    char *header;

    assert_int_equal(dlcore_model_save_weights_memory_with(model, how, &bytes, &size), DLCORE_OK);
    length = ((unsigned char *)bytes)[0] + 256u * ((unsigned char *)bytes)[1];
    assert_true(length + 8 <= size);
    header = calloc(length + 1, 1);
    assert_non_null(header);
    memcpy(header, (char *)bytes + 8, length);
    free(bytes);
    return header;
}

static void assert_saves(const dlcore_model_t *model, const dlcore_save_weights_options_t *how,
                         const char *const *texts)
{
    char *header = saved_header(model, how);

    for (; *texts != NULL; texts++) {
        if (strstr(header, *texts) == NULL)
            fail_msg("%s is not in %s", *texts, header);
    }
    free(header);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_unsaved(const dlcore_model_t *model, dlcore_save_weights_options_t how,
                           dlcore_status status, const char *text)
{
    dlcore_error_record_t error = {.message = ""};
    void *bytes = &how;
    size_t size;

    how.error = &error;
    assert_failed(dlcore_model_save_weights_memory_with(model, &how, &bytes, &size), status, &error,
                  text);
    assert_null(bytes);
    assert_failed(dlcore_model_save_weights_with(model, folder_path("no"), &how), status, &error,
                  text);
    assert_false(folder_has("no"));
}

/* ---- names ---- */

static void test_model_save_weights_calls_modules_as_pytorch_does(void **state)
{
    dlcore_model_t *model = foreign_model("torch", NULL);
    dlcore_save_weights_options_t how = pytorch_style();

    (void)state;
    /* dense relu, batch normalization, dense, prelu, layer normalization, dropout, dense */
    assert_saves(
        model, &how,
        TEXTS("\"format\":\"pt\"", "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[4,5]",
              "\"0.bias\":{\"dtype\":\"F32\",\"shape\":[4]",
              "\"2.weight\":", "\"2.bias\":", "\"2.running_mean\":", "\"2.running_var\":",
              "\"3.weight\":", "\"4.weight\":{\"dtype\":\"F32\",\"shape\":[4]",
              "\"5.weight\":", "\"5.bias\":", "\"7.weight\":{\"dtype\":\"F32\",\"shape\":[2,4]"));
    how.prefix = "model.net.";
    how.dtype = DLCORE_WEIGHT_DTYPE_BFLOAT16;
    assert_saves(model, &how, TEXTS("\"model.net.7.weight\":{\"dtype\":\"BF16\",\"shape\":[2,4]"));
    dlcore_model_free(model);
}

static void test_model_save_weights_by_default_is_what_saving_weights_is(void **state)
{
    dlcore_model_t *model = foreign_model("keras", NULL);
    unsigned char *bytes, file[4096];
    size_t size;
    FILE *stream;

    (void)state;
    assert_int_equal(dlcore_model_save_weights(model, folder_path("plain"), NULL), DLCORE_OK);
    stream = fopen(folder_path("plain"), "rb");
    assert_non_null(stream);
    assert_int_equal(dlcore_model_save_weights_memory_with(model, NULL, (void **)&bytes, &size),
                     DLCORE_OK);
    assert_int_equal(fread(file, 1, sizeof file, stream), size);
    assert_memory_equal(file, bytes, size);
    assert_int_equal(fclose(stream), 0);
    free(bytes);
    dlcore_model_free(model);
}

static void test_model_save_weights_pairs_give_names(void **state)
{
    const dlcore_weight_pair_t pairs[] = {{"dense/kernel", "w", true},
                                          {"dense/bias", NULL, false},
                                          {"dense_1/kernel", "dense_1.weight", false}};
    dlcore_save_weights_options_t how = dlcore_save_weights_options_default();
    dlcore_model_t *model = foreign_model("numpy", NULL);
    char *header;

    (void)state;
    how.pairs = pairs;
    how.pair_count = 3;
    how.prefix = "p/";
    assert_saves(model, &how,
                 TEXTS("\"w\":{\"dtype\":\"F32\",\"shape\":[4,5]",
                       "\"dense_1.weight\":{\"dtype\":\"F32\",\"shape\":[4,3]",
                       "\"p/dense_1/bias\":"));
    header = saved_header(model, &how);
    assert_null(strstr(header, "dense/bias"));
    free(header);
    dlcore_model_free(model);
}

/* ---- there and back ---- */

static void test_model_save_weights_come_back_exactly(void **state)
{
    static const char *const cases[] = {"torch", "modules", "keras", "numpy"};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        dlcore_model_options_t options = dlcore_model_options_default();
        dlcore_save_weights_options_t how = pytorch_style();
        dlcore_model_t *model, *other;
        size_t count;
        float *saved, *loaded;

        options.engine = i % 2 == 0 ? DLCORE_ENGINE_AUTO : DLCORE_ENGINE_BLAS;
        model = foreign_model(cases[i / 2], &options);
        options.seed = 7;
        other = foreign_model(cases[i / 2], &options);
        count = dlcore_model_parameter_count(model);
        saved = malloc(2 * count * sizeof *saved);
        assert_non_null(saved);
        loaded = saved + count;
        for (size_t k = 0; k < count; k++)
            saved[k] = (float)k + 0.1f;
        assert_int_equal(dlcore_model_set_weights(model, saved, count), DLCORE_OK);
        how.prefix = "a.b.";
        assert_int_equal(dlcore_model_save_weights_with(model, folder_path("there"), &how),
                         DLCORE_OK);
        assert_accepted(other, dlcore_model_load_weights(other, folder_path("there")));
        assert_int_equal(dlcore_model_get_weights(other, loaded, count), DLCORE_OK);
        assert_memory_equal(loaded, saved, count * sizeof *saved);
        free(saved);
        dlcore_model_free(other);
        dlcore_model_free(model);
    }
}

static void test_model_save_weights_rounds_to_halves_to_nearest(void **state)
{
    /* the first four are as far from one number of float16, then of bfloat16, as from another */
    static const float from[7] = {1.0f + 0x1p-11f, 1.0f + 0x3p-11f, 1.0f + 0x1p-8f,
                                  1.0f + 0x3p-8f,  65504.0f,        1.0f + 0x1.8p-11f,
                                  -0x1p-24f};
    static const float half[7] = {1.0f,     1.0f + 0x1p-9f,  1.0f + 0x1p-8f, 1.0f + 0x3p-8f,
                                  65504.0f, 1.0f + 0x1p-10f, -0x1p-24f};
    static const float bfloat[7] = {1.0f, 1.0f, 1.0f, 1.0f + 0x1p-6f, 65536.0f, 1.0f, -0x1p-24f};
    dlcore_save_weights_options_t how = dlcore_save_weights_options_default();
    dlcore_model_t *model = NULL;
    float to[7] = {65520.0f, 0.0f, INFINITY};

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_accepted(model, dlcore_model_build(model, 6));
    assert_int_equal(dlcore_model_set_weights(model, to, 7), DLCORE_OK);
    how.dtype = DLCORE_WEIGHT_DTYPE_FLOAT16;
    assert_unsaved(model, how, DLCORE_ERROR_RANGE, "dense/kernel: 65520 is too large for float16");
    for (int i = 0; i < 2; i++) {
        how.dtype = i == 0 ? DLCORE_WEIGHT_DTYPE_FLOAT16 : DLCORE_WEIGHT_DTYPE_BFLOAT16;
        assert_int_equal(dlcore_model_set_weights(model, from, 7), DLCORE_OK);
        assert_int_equal(dlcore_model_save_weights_with(model, folder_path("half"), &how),
                         DLCORE_OK);
        assert_accepted(model, dlcore_model_load_weights(model, folder_path("half")));
        assert_int_equal(dlcore_model_get_weights(model, to, 7), DLCORE_OK);
        assert_memory_equal(to, i == 0 ? half : bfloat, sizeof to);
    }
    dlcore_model_free(model);
}

/* ---- refusals ---- */

static void test_model_save_weights_that_are_wrong_are_named(void **state)
{
    static const dlcore_weight_pair_t unknown = {"dense/gamma", "x", false},
                                      turned = {"dense/bias", "x", true},
                                      nameless = {NULL, "x", false},
                                      same = {"dense/bias", "dense/kernel", false};
    char longest[1000] = "";
    const dlcore_weight_pair_t too_long = {"dense/bias", longest, false};
    dlcore_save_weights_options_t how = dlcore_save_weights_options_default();
    dlcore_model_t *model = foreign_model("numpy", NULL);
    char prefix[130];

    (void)state;
    how.pair_count = 1;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "pairs is NULL");
    how.pairs = &unknown;
    assert_unsaved(model, how, DLCORE_ERROR_NAME, "no weight \"dense/gamma\"");
    how.pairs = &turned;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "\"dense/bias\" is no kernel");
    how.pairs = &nameless;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "a weight is NULL");
    how.pairs = &same;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT,
                   "two tensors would be called \"dense/kernel\"");
    memset(longest, 'n', sizeof longest - 1);
    how.pairs = &too_long;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "the name for dense/bias is longer than");
    how.pair_count = 0;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "pairs is not NULL");
    how = dlcore_save_weights_options_default();
    memset(prefix, 'p', sizeof prefix);
    prefix[129] = '\0';
    how.prefix = prefix;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "prefix has 129 bytes");
    how.prefix = "\xff";
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "cannot be written");
    how = dlcore_save_weights_options_default();
    how.style = (dlcore_weight_style_t)2;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "style");
    how = dlcore_save_weights_options_default();
    how.dtype = (dlcore_weight_dtype_t)3;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "dtype");
    how.structure_size = 0;
    assert_unsaved(model, how, DLCORE_ERROR_ARGUMENT, "save_weights_options");
    dlcore_model_free(model);
}

static void test_model_save_weights_refuses_layers_that_pytorch_has_not(void **state)
{
    static const dlcore_weight_pair_t unknown = {"dense/kernel", "x", false};
    dlcore_save_weights_options_t how = pytorch_style(),
                                  keras = dlcore_save_weights_options_default();

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        dlcore_layer_t layer =
            kind < 2 ? dlcore_layer_batch_normalization() : dlcore_layer_layer_normalization();
        dlcore_model_t *model = NULL;

        layer.center = kind % 2 == 0;
        layer.use_scale = kind % 2 == 1;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, layer);
        assert_accepted(model, dlcore_model_build(model, 3));
        if (kind < 3)
            assert_unsaved(model, how, DLCORE_ERROR_UNSUPPORTED,
                           kind == 1 ? "batch_normalization: PyTorch has no such layer with gamma"
                                     : "with beta alone");
        else /* LayerNorm(bias=False) */
            assert_int_equal(dlcore_model_save_weights_with(model, folder_path("ln"), &how),
                             DLCORE_OK);
        assert_int_equal(dlcore_model_save_weights_with(model, folder_path("keras"), &keras),
                         DLCORE_OK);
        how.pairs = &unknown; /* what is wrong with the options is said first */
        how.pair_count = 1;
        assert_unsaved(model, how, DLCORE_ERROR_NAME, "the model has no weight \"dense/kernel\"");
        how = pytorch_style();
        dlcore_model_free(model);
    }
}

static dlcore_status save_style_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_save_weights_options_t how = pytorch_style();
    dlcore_model_t *model;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    options.threads = 1;
    model = foreign_model("torch", &options);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = dlcore_model_save_weights_with(model, folder_path("swept"), &how);
    dlcore_model_free(model);
    return status;
}

static void test_model_save_weights_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(save_style_scenario, NULL) >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_save_weights_calls_modules_as_pytorch_does),
        cmocka_unit_test(test_model_save_weights_by_default_is_what_saving_weights_is),
        cmocka_unit_test(test_model_save_weights_pairs_give_names),
        cmocka_unit_test(test_model_save_weights_come_back_exactly),
        cmocka_unit_test(test_model_save_weights_rounds_to_halves_to_nearest),
        cmocka_unit_test(test_model_save_weights_that_are_wrong_are_named),
        cmocka_unit_test(test_model_save_weights_refuses_layers_that_pytorch_has_not),
        cmocka_unit_test(test_model_save_weights_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
