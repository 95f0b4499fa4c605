/* A trained network as a C file, for a program or a board without dlcore.
 *
 * Shows model_export_c: trains a network on two features (is a point inside the circle?), writes it
 * in float32 and in int8, and says what each takes in flash and RAM, and how near int8 comes.
 *
 *   export_c [FOLDER]      for circle.c and circle_int8.c; the working folder, if none is named
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 512

static model_t *network;

static void check(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "export_c: %s: %s\n", dlcore_status_name(status), message);
    exit(EXIT_FAILURE);
}

static void tell(const char *path, const export_report_t *report)
{
    printf("%s: %zu bytes of C, %zu bytes of constants, %zu bytes of scratch\n", path,
           report->text_bytes, report->weight_bytes, report->scratch_bytes);
}

int main(int argc, char **argv)
{
    static float points[SAMPLES][2], inside[SAMPLES];
    const size_t shape[2] = {SAMPLES, 2};
    char path[1000];
    tensor_t *x = NULL;
    tensor_t *y = NULL;
    optimizer_t adam = optimizer_adam();
    fit_options_t how = fit_options_default();
    export_c_options_t out = export_c_options_default();
    export_report_t report;
    error_record_t error;
    evaluation_t result;
    size_t i;

    for (i = 0; i < SAMPLES; i++) { /* a grid of points, in the order of a low-discrepancy series */
        points[i][0] = (float)(i * 311 % SAMPLES) / (0.5F * SAMPLES) - 1;
        points[i][1] = (float)(i * 197 % SAMPLES) / (0.5F * SAMPLES) - 1;
        inside[i] = points[i][0] * points[i][0] + points[i][1] * points[i][1] < 0.5F;
    }
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, points, 0, &x, NULL), "points");
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, inside, 0, &y, NULL), "labels");

    check(model_create(NULL, &network), "a model");
    check(model_add(network, layer_dense(16, ACTIVATION_RELU)), model_error(network));
    check(model_add(network, layer_dense(1, ACTIVATION_SIGMOID)), model_error(network));
    adam.learning_rate = 0.01;
    check(model_compile(network, &adam, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY),
          model_error(network));
    how.epochs = 100;
    check(model_fit(network, x, y, &how, NULL), model_error(network));
    check(model_evaluate(network, x, y, NULL, &result), "evaluate");
    printf("accuracy %.3f\n", evaluation_value(&result, "accuracy"));

    /* The self-test in the file holds the first four points, with what the network says of them;
     * int8 finds its scales from all of them. */
    out.samples = x;
    out.report = &report;
    out.error = &error;
    out.prefix = "circle";
    snprintf(path, sizeof path, "%s/circle.c", argc > 1 ? argv[1] : ".");
    check(model_export_c(network, path, &out), error.message);
    tell(path, &report);

    out.prefix = "circle_int8";
    out.numbers = EXPORT_INT8;
    snprintf(path, sizeof path, "%s/circle_int8.c", argc > 1 ? argv[1] : ".");
    check(model_export_c(network, path, &out), error.message);
    tell(path, &report);
    printf("    at most %.3f from float32, the same answer for %.1f %% of the points\n",
           report.difference, 100 * report.same_class);

    printf(
        "call it:   float scratch[CIRCLE_SCRATCH_BYTES / sizeof(float)];\n"
        "           circle_predict(point, &answer, scratch);\n"
        "try it:    define CIRCLE_SELF_TEST; circle_self_test(scratch) returns less than 1e-5\n");

    tensor_free(y);
    tensor_free(x);
    model_free(network);
    return evaluation_value(&result, "accuracy") > 0.9 ? EXIT_SUCCESS : EXIT_FAILURE;
}
