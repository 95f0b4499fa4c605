/* Exported networks, compiled and run: 40 with every layer and activation give what a predictor
 * gives, in C and in C++, with vectors and without.
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

#include "dlcore/export.h"
#include "dlcore/predictor.h"
#include "kernels/cpu.h"
#include "support/any_network.h"
#include "support/c_compiler.h"
#include "support/folder.h"
#include "support/models.h"

enum { NETWORKS = 40, ROWS = 6, NUMBERS = 100000 };

/* The networks, exported in one way: what goes into their program, and what a predictor makes of
 * it. A network that has no such form has no outputs. */
typedef struct exported {
    dlcore_export_numbers_t numbers;
    const char *prefix;
    float inputs[NUMBERS], expected[NUMBERS];
    size_t input_count, output_count;
    size_t ends[NETWORKS];    /* of each network's outputs, of which the last is its self-test */
    double differs[NETWORKS]; /* how far its outputs may be off */
    double self_test;         /* likewise */
} exported_t;

static exported_t in_float = {DLCORE_EXPORT_FLOAT32, "net", .self_test = 1e-6};
static exported_t in_int8 = {DLCORE_EXPORT_INT8, "whole", .self_test = 1e-5};
static float outputs[NUMBERS];

static bool is_there(const exported_t *set, int n)
{
    return set->ends[n] > (n > 0 ? set->ends[n - 1] : 0);
}

/* Runs every network over its samples: a row of inputs from stdin, a row of outputs to stdout; last
 * the result of each self-test. */
static void write_program(const exported_t *set)
{
    FILE *file = fopen(folder_path("program.c"), "w");

    assert_non_null(file);
    fprintf(file,
            "#include <stdio.h>\n"
            "static float x[1000], y[1000], scratch[4000];\n"
            "typedef void predict_t(const float *, float *, float *);\n"
            "static int run(predict_t *predict, size_t inputs, size_t outputs, size_t bytes)\n"
            "{\n    int row;\n    if (sizeof scratch < bytes)\n        return 0;\n"
            "    for (row = 0; row < 6; row++) {\n"
            "        if (fread(x, sizeof *x, inputs, stdin) != inputs)\n"
            "            return 0;\n        predict(x, y, scratch);\n"
            "        if (fwrite(y, sizeof *y, outputs, stdout) != outputs)\n"
            "            return 0;\n    }\n    return 1;\n}\n"
            "static int put(float error)\n{\n"
            "    return fwrite(&error, sizeof error, 1, stdout) == 1;\n}\n");
    for (int n = 0; n < NETWORKS; n++) {
        if (is_there(set, n))
            fprintf(file, "#define N%d_DECLARE\n#include \"%s%d.c\"\n", n, set->prefix, n);
    }
    fprintf(file, "int main(void)\n{\n    return ");
    for (int n = 0; n < NETWORKS; n++) {
        if (is_there(set, n))
            fprintf(file,
                    "run(n%d_predict, N%d_INPUTS, N%d_OUTPUTS, N%d_SCRATCH_BYTES) &&\n"
                    "           put(n%d_self_test(scratch)) && ",
                    n, n, n, n, n);
    }
    fprintf(file, "1 ? 0 : 1;\n}\n");
    assert_int_equal(fclose(file), 0);
}

static void predict_row(const dlcore_model_t *model, const float *x, float *y)
{
    dlcore_predictor_t *predictor = NULL;

    assert_int_equal(dlcore_predictor_create(model, NULL, &predictor), DLCORE_OK);
    assert_int_equal(dlcore_predictor_run(predictor, x, 1, y), DLCORE_OK);
    dlcore_predictor_free(predictor);
}

static void predict_rows(const dlcore_model_t *model, const float *x, float *y)
{
    size_t width = dlcore_model_input_width(model), units = dlcore_model_output_width(model);
    dlcore_predictor_t *predictor = NULL;

    assert_int_equal(dlcore_predictor_create(model, NULL, &predictor), DLCORE_OK);
    for (size_t row = 0; row < ROWS; row++)
        assert_int_equal(dlcore_predictor_run(predictor, x + row * width, 1, y + row * units),
                         DLCORE_OK);
    dlcore_predictor_free(predictor);
}

/* How far 8 bits may be off: hard_shrink jumps by 0.5, and what divides small numbers by their
 * length makes all of a rounding. (test_export_c_in_int8_norms_come_near has those apart.) */
static double int8_bound(const dlcore_model_t *model)
{
    double bound = 0.06;

    for (size_t i = 0; i < dlcore_model_layer_count(model); i++) {
        const dlcore_layer_t *layer = dlcore_model_layer(model, i);

        if (layer->kind == DLCORE_LAYER_RMS_NORMALIZATION || layer->rms_scaling ||
            layer->kind == DLCORE_LAYER_UNIT_NORMALIZATION)
            return 3.0;
        if (layer->activation == DLCORE_ACTIVATION_HARD_SHRINK)
            bound = 0.6;
    }
    return bound;
}

static bool has_tables(const dlcore_model_t *model)
{
    return dlcore_model_layer(model, 0)->kind == DLCORE_LAYER_EMBEDDING;
}

/* What has no form in C is refused by its name. */
static bool is_refused(const dlcore_model_t *model, dlcore_export_numbers_t numbers,
                       const char *message)
{
    if (has_tables(model))
        return strstr(message, "embedding") != NULL;
    return numbers == DLCORE_EXPORT_INT8 &&
           (strstr(message, "log_softmax, which has no int8 form") != NULL ||
            strstr(message, "sparsemax, which has no int8 form") != NULL ||
            strstr(message, "sparsemax_keras, which has no int8 form") != NULL ||
            strstr(message, "has no int8 form: it is a layer of class GLU") != NULL);
}

/* One file, its samples and what is expected of it. */
static void export_network(exported_t *set, int number)
{
    dlcore_export_c_options_t how = dlcore_export_c_options_default();
    dlcore_model_t *model = any_network((size_t)number, NULL);
    size_t width = dlcore_model_input_width(model), units = dlcore_model_output_width(model);
    float *x = set->inputs + set->input_count;
    dlcore_error_record_t error = {0};
    dlcore_export_report_t report;
    dlcore_tensor_t *samples;
    dlcore_status status;
    char prefix[32], name[32];

    snprintf(prefix, sizeof prefix, "n%d", number);
    snprintf(name, sizeof name, "%s%d.c", set->prefix, number);
    any_network_samples(model, ROWS, x);
    if (set->numbers == DLCORE_EXPORT_FLOAT32 && !has_tables(model)) /* NaN in, NaN out */
        x[(ROWS - 1) * width] = NAN;
    samples = borrow_floats(x, ROWS, width);
    how.prefix = prefix;
    how.numbers = set->numbers;
    how.samples = samples;
    how.sync = false;
    how.report = &report;
    how.error = &error;
    status = dlcore_model_export_c(model, folder_path(name), &how);
    if (status == DLCORE_OK) {
        assert_true(report.difference < int8_bound(model));
        predict_rows(model, x, set->expected + set->output_count);
        set->differs[number] = set->numbers == DLCORE_EXPORT_INT8 ? report.difference + 1e-5 : 1e-6;
        set->input_count += ROWS * width;
        set->output_count += ROWS * units + 1; /* and the self-test, of 0 */
        assert_true(set->input_count < NUMBERS && set->output_count < NUMBERS);
    } else if (status != DLCORE_ERROR_UNSUPPORTED ||
               !is_refused(model, set->numbers, error.message)) {
        fail_msg("%d: %s", number, error.message);
    }
    set->ends[number] = set->output_count;
    dlcore_tensor_free(samples);
    dlcore_model_free(model);
}

static int export_networks(void **state)
{
    if (folder_make(state) != 0)
        return 1;
    for (int n = 0; n < NETWORKS; n++) {
        export_network(&in_float, n);
        export_network(&in_int8, n);
    }
    return 0;
}

static void check_outputs(const exported_t *set, const char *how)
{
    double largest = 0, tests = 0;
    size_t at = 0;

    for (int n = 0; n < NETWORKS; n++) {
        double most = 0;

        for (; at + 1 < set->ends[n]; at++) {
            double want = (double)set->expected[at];
            double error = fabs((double)outputs[at] - want) / fmax(1, fabs(want));

            if (isnan(want) && isnan(outputs[at]))
                error = 0;
            most = !(error <= most) ? error : most; /* NaN, too */
        }
        if (!(most <= set->differs[n]))
            fail_msg("%s: network %d is %.2g off, not %.2g", how, n, most, set->differs[n]);
        largest = fmax(largest, most);
        if (at < set->ends[n]) {
            if (!((double)outputs[at] <= set->self_test))
                fail_msg("%s: the self-test of network %d answers %.2g", how, n,
                         (double)outputs[at]);
            tests = fmax(tests, (double)outputs[at++]);
        }
    }
    print_message("%s, %s: at most %.2g off, self-tests %.2g\n", set->prefix, how, largest, tests);
}

static void compile_and_compare(const exported_t *set, const char *compiler,
                                const char *optimization, bool vectors)
{
    char flags[8000], files[2000] = "program.c", how[200];
    size_t size;

    snprintf(flags, sizeof flags, "%s", optimization);
    for (int n = 0; n < NETWORKS; n++) {
        if (!is_there(set, n))
            continue;
        size = strlen(flags);
        snprintf(flags + size, sizeof flags - size, " -DN%d_SELF_TEST", n);
        size = strlen(flags);
        if (!vectors)
            snprintf(flags + size, sizeof flags - size, " -DN%d_NO_VECTORS", n);
        size = strlen(files);
        snprintf(files + size, sizeof files - size, " %s%d.c", set->prefix, n);
    }
    write_program(set);
    c_compile(compiler, flags, files, "program");
    size = c_run("program", set->inputs, set->input_count * sizeof *set->inputs, outputs,
                 sizeof outputs);
    assert_int_equal(size, set->output_count * sizeof *outputs);
    snprintf(how, sizeof how, "%s %s%s", compiler, optimization, vectors ? "" : ", no vectors");
    check_outputs(set, how);
}

static void test_export_c_networks_compiled_agree_with_a_predictor(void **state)
{
    (void)state;
    if (c_compiler(0) == NULL)
        skip();
    for (size_t i = 0; c_compiler(i) != NULL; i++)
        compile_and_compare(&in_float, c_compiler(i), "-O1", true);
}

static void test_export_c_networks_without_vectors_agree_with_a_predictor(void **state)
{
    (void)state;
    if (c_compiler(0) == NULL)
        skip();
    compile_and_compare(&in_float, c_compiler(0), "-O1", false);
}

/* A row whose threshold, as rounded, brings one back that a smaller one had left behind: the search
 * has to end there, too. */
static void test_export_c_networks_sparsemax_ends_whatever_the_roundings(void **state)
{
    static const float row[18] = {0.1f, 0.5f, 0.6f, 0.1f, 0.7f, 0.2f, 0.2f, 0.900000036f, 0.2f,
                                  0.8f, 0.1f, 0.2f, 0.4f, 0.7f, 0.8f, 0.6f, 0.300000012f, 0.7f};
    dlcore_export_c_options_t how = dlcore_export_c_options_default();
    float wanted[18];
    dlcore_model_t *model = NULL;
    FILE *file;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model,
                    dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_SPARSEMAX)));
    assert_accepted(model, dlcore_model_build(model, 18));
    how.prefix = "n";
    how.sync = false;
    assert_int_equal(dlcore_model_export_c(model, folder_path("sparsemax.c"), &how), DLCORE_OK);
    predict_row(model, row, wanted);
    dlcore_model_free(model);
    file = fopen(folder_path("row.c"), "w");
    assert_non_null(file);
    fprintf(file, "#include <stdio.h>\n#define N_DECLARE\n#include \"sparsemax.c\"\n"
                  "int main(void)\n{\n    float x[18], y[18], scratch[100];\n"
                  "    if (fread(x, sizeof *x, 18, stdin) != 18)\n        return 1;\n"
                  "    n_predict(x, y, scratch);\n"
                  "    return fwrite(y, sizeof *y, 18, stdout) != 18;\n}\n");
    assert_int_equal(fclose(file), 0);
    if (c_compiler(0) == NULL)
        skip();
    c_compile(c_compiler(0), "-O1", "row.c sparsemax.c", "row");
    assert_int_equal(c_run("row", row, sizeof row, outputs, sizeof outputs), sizeof row);
    for (size_t i = 0; i < 18; i++)
        assert_true(fabsf(outputs[i] - wanted[i]) <= 1e-6f);
}

/* Every constant of a network that vectors would read: 16-32-4. */
static void test_export_c_networks_constants_are_read_by_a_macro_of_the_host(void **state)
{
    static const char program[] =
        "#include <stddef.h>\n#include <stdio.h>\nstatic size_t reads;\n"
        "#define N_API static\n#define N_FLASH\n#define N_READ(p) (reads++, *(p))\n"
        "#include \"n.c\"\n"
        "int main(void)\n{\n    float x[16], y[5], scratch[200];\n"
        "    if (fread(x, sizeof *x, 16, stdin) != 16)\n        return 1;\n"
        "    n_predict(x, y, scratch);\n    y[4] = (float)reads;\n"
        "    return fwrite(y, sizeof *y, 5, stdout) != 5;\n}\n";
    dlcore_export_c_options_t how = dlcore_export_c_options_default();
    dlcore_layer_t layers[] = {dlcore_layer_dense(32, DLCORE_ACTIVATION_RELU),
                               dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR)};
    dlcore_export_report_t report;
    dlcore_model_t *model = NULL;
    float row[16], wanted[4];

    (void)state;
    if (c_compiler(0) == NULL)
        skip();
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < 2; i++)
        assert_accepted(model, dlcore_model_add(model, layers[i]));
    assert_accepted(model, dlcore_model_build(model, 16));
    how.prefix = "n";
    how.sync = false;
    how.report = &report;
    assert_int_equal(dlcore_model_export_c(model, folder_path("n.c"), &how), DLCORE_OK);
    for (size_t i = 0; i < 16; i++)
        row[i] = (float)i / 8 - 1;
    predict_row(model, row, wanted);
    dlcore_model_free(model);
    folder_write("hosts.c", program);
    c_compile(c_compiler(0), "-O1", "hosts.c", "hosts");
    assert_int_equal(c_run("hosts", row, sizeof row, outputs, sizeof outputs), 5 * sizeof(float));
    for (size_t i = 0; i < 4; i++)
        assert_true(fabsf(outputs[i] - wanted[i]) <= 1e-6f);
    assert_true((size_t)outputs[4] >= report.weight_bytes / sizeof(float));
}

/* Vectors in one register each, of which x86 has none unless compilers are told. */
static void test_export_c_networks_of_avx_agree_with_a_predictor(void **state)
{
    (void)state;
    if (c_compiler(0) == NULL || !dlcore_cpu_has_avx2())
        skip();
    compile_and_compare(&in_float, c_compiler(0), "-O1 -mavx", true);
}

/* As far from the model as the report said, and nothing else than that said. */
static void test_export_c_networks_in_int8_compute_what_dlcore_computed(void **state)
{
    size_t there = 0;

    (void)state;
    for (int n = 0; n < NETWORKS; n++)
        there += is_there(&in_int8, n);
    assert_true(there >= NETWORKS - 7);
    if (c_compiler(0) == NULL)
        skip();
    for (size_t i = 0; i == 0 || getenv("DLCORE_TEST_COMPILERS") != NULL; i++) {
        if (c_compiler(i) == NULL)
            break;
        compile_and_compare(&in_int8, c_compiler(i), "-O1", true);
    }
}

/* As a user does who wants speed; where the compilers are told, by DLCORE_TEST_COMPILERS. */
static void test_export_c_networks_optimized_agree_with_a_predictor(void **state)
{
    (void)state;
    if (getenv("DLCORE_TEST_COMPILERS") == NULL)
        skip();
    for (size_t i = 0; c_compiler(i) != NULL; i++) {
        compile_and_compare(&in_float, c_compiler(i), "-O3 -march=native", true);
        compile_and_compare(&in_float, c_compiler(i), "-Os", false);
        compile_and_compare(&in_int8, c_compiler(i), "-O3 -march=native", true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export_c_networks_compiled_agree_with_a_predictor),
        cmocka_unit_test(test_export_c_networks_without_vectors_agree_with_a_predictor),
        cmocka_unit_test(test_export_c_networks_of_avx_agree_with_a_predictor),
        cmocka_unit_test(test_export_c_networks_sparsemax_ends_whatever_the_roundings),
        cmocka_unit_test(test_export_c_networks_constants_are_read_by_a_macro_of_the_host),
        cmocka_unit_test(test_export_c_networks_in_int8_compute_what_dlcore_computed),
        cmocka_unit_test(test_export_c_networks_optimized_agree_with_a_predictor),
    };
    return cmocka_run_group_tests(tests, export_networks, folder_remove);
}
