/* The 784-512-10 network of the MNIST example, trained and exported in int8: compiled, it says the
 * same class as the model for at least 99.5 % of the 10,000 test images. Needs the data:
 * DLCORE_MNIST_DIR.
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

#include "support/c_compiler.h"
#include "support/folder.h"
#include "support/models.h"

enum { PIXELS = 784, CLASSES = 10, CALIBRATION = 500 };

static tensor_t *load(const char *folder, const char *name)
{
    char path[1000];
    error_record_t error = {0};
    tensor_t *tensor = NULL;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (idx_load(path, NULL, &tensor, &error) != DLCORE_OK) {
        snprintf(path, sizeof path, "%s/%s.gz", folder, name);
        if (idx_load(path, NULL, &tensor, &error) != DLCORE_OK)
            fail_msg("%s", error.message);
    }
    return tensor;
}

static model_t *train(const tensor_t *images, const tensor_t *labels)
{
    fit_options_t how = fit_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_rescaling(1 / 255.0, 0)));
    assert_accepted(model, model_add(model, layer_dense(512, ACTIVATION_RELU)));
    assert_accepted(model, model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX)));
    assert_accepted(model, model_compile(model, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         METRIC_ACCURACY));
    how.batch_size = 128;
    how.epochs = 5;
    assert_accepted(model, model_fit(model, images, labels, &how, NULL));
    return model;
}

/* digits.c, with scales from the first training images. */
static void export_digits(const model_t *model, tensor_t *images)
{
    export_c_options_t how = export_c_options_default();
    export_report_t report;
    error_record_t error = {0};
    tensor_t *calibration = NULL;

    assert_int_equal(tensor_slice(images, 0, CALIBRATION, &calibration, NULL), DLCORE_OK);
    how.prefix = "digits";
    how.numbers = EXPORT_INT8;
    how.samples = calibration;
    how.report = &report;
    how.error = &error;
    if (model_export_c(model, folder_path("digits.c"), &how) != DLCORE_OK)
        fail_msg("%s", error.message);
    print_message("%zu bytes of constants, %zu of scratch; calibration: %.3g off, %.2f %% same\n",
                  report.weight_bytes, report.scratch_bytes, report.difference,
                  100 * report.same_class);
    tensor_free(calibration);
}

/* Classes of the model and of the compiled file for every image. */
static void compare_classes(const model_t *model, tensor_t *images, const uint8_t *labels)
{
    size_t count = tensor_length(images, 0), shape[2] = {count, CLASSES}, same = 0, right = 0;
    tensor_t *floats = NULL, *y = NULL, *classes = NULL;
    float *said = malloc(count * CLASSES * sizeof *said);
    const int32_t *expected;

    assert_non_null(said);
    assert_int_equal(tensor_cast(images, DTYPE_FLOAT32, 1, &floats, NULL), DLCORE_OK);
    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &y, NULL), DLCORE_OK);
    assert_int_equal(model_predict(model, floats, y), DLCORE_OK);
    assert_int_equal(tensor_argmax(y, &classes, NULL), DLCORE_OK);
    expected = tensor_data_const(classes);
    assert_int_equal(c_run("program", tensor_data_const(floats), count * PIXELS * sizeof(float),
                           said, count * CLASSES * sizeof *said),
                     count * CLASSES * sizeof *said);
    for (size_t i = 0; i < count; i++) {
        int32_t largest = 0;

        for (int32_t c = 1; c < CLASSES; c++)
            largest =
                said[i * CLASSES + (size_t)c] > said[i * CLASSES + (size_t)largest] ? c : largest;
        same += largest == expected[i];
        right += largest == labels[i];
    }
    print_message("%zu of %zu images: the same class; accuracy in int8 %.4f\n", same, count,
                  (double)right / (double)count);
    assert_true((double)same >= 0.995 * (double)count);
    free(said);
    tensor_free(classes);
    tensor_free(y);
    tensor_free(floats);
}

static void test_export_c_mnist_in_int8_says_the_class_of_the_model(void **state)
{
    static const char program[] =
        "#include <stdio.h>\n#define DIGITS_DECLARE\n#include \"digits.c\"\n"
        "static float x[784], y[10], scratch[DIGITS_SCRATCH_BYTES / sizeof(float)];\n"
        "int main(void)\n{\n"
        "    if (!(digits_self_test(scratch) < 1e-5f))\n        return 1;\n"
        "    while (fread(x, sizeof x, 1, stdin) == 1) {\n"
        "        digits_predict(x, y, scratch);\n"
        "        if (fwrite(y, sizeof y, 1, stdout) != 1)\n            return 1;\n    }\n"
        "    return 0;\n}\n";
    const char *folder = getenv("DLCORE_MNIST_DIR");
    tensor_t *images, *labels, *test_images, *test_labels;
    model_t *model;

    (void)state;
    if (folder == NULL || c_compiler(0) == NULL)
        skip();
    images = load(folder, "train-images-idx3-ubyte");
    labels = load(folder, "train-labels-idx1-ubyte");
    test_images = load(folder, "t10k-images-idx3-ubyte");
    test_labels = load(folder, "t10k-labels-idx1-ubyte");
    model = train(images, labels);
    export_digits(model, images);
    folder_write("program.c", program);
    c_compile(c_compiler(0), "-O2 -DDIGITS_SELF_TEST", "program.c digits.c", "program");
    compare_classes(model, test_images, tensor_data_const(test_labels));
    model_free(model);
    tensor_free(test_labels);
    tensor_free(test_images);
    tensor_free(labels);
    tensor_free(images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export_c_mnist_in_int8_says_the_class_of_the_model),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
