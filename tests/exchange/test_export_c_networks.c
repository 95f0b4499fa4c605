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
#include "support/any_network.h"
#include "support/c_compiler.h"
#include "support/folder.h"
#include "support/models.h"

enum { NETWORKS = 40, ROWS = 6, NUMBERS = 100000 };
#define TOLERANCE 1e-6

/* What goes into the program, and what a predictor makes of it. */
static float inputs[NUMBERS], expected[NUMBERS], outputs[NUMBERS];
static size_t input_count, output_count, ends[NETWORKS];

/* Runs every network over its samples: a row of inputs from stdin, a row of outputs to stdout; last
 * the result of each self-test. */
static void write_program(void)
{
    FILE *file = fopen(folder_path("program.c"), "w");

    assert_non_null(file);
    fprintf(file, "#include <stdio.h>\n");
    for (int n = 0; n < NETWORKS; n++)
        fprintf(file, "#define NET%d_DECLARE\n#include \"net%d.c\"\n", n, n);
    fprintf(file, "static float x[1000], y[1000], scratch[4000];\n");
    for (int n = 0; n < NETWORKS; n++)
        fprintf(file,
                "static int run%d(void)\n{\n    int row;\n"
                "    if (sizeof scratch < NET%d_SCRATCH_BYTES)\n        return 0;\n"
                "    for (row = 0; row < %d; row++) {\n"
                "        if (fread(x, sizeof *x, NET%d_INPUTS, stdin) != NET%d_INPUTS)\n"
                "            return 0;\n"
                "        net%d_predict(x, y, scratch);\n"
                "        if (fwrite(y, sizeof *y, NET%d_OUTPUTS, stdout) != NET%d_OUTPUTS)\n"
                "            return 0;\n    }\n"
                "    y[0] = net%d_self_test(scratch);\n"
                "    return fwrite(y, sizeof *y, 1, stdout) == 1;\n}\n",
                n, n, ROWS, n, n, n, n, n, n);
    fprintf(file, "int main(void)\n{\n    return ");
    for (int n = 0; n < NETWORKS; n++)
        fprintf(file, "run%d() && ", n);
    fprintf(file, "1 ? 0 : 1;\n}\n");
    assert_int_equal(fclose(file), 0);
}

/* One file, its samples and what is expected of it. */
static void export_network(size_t number)
{
    dlcore_export_c_options_t how = dlcore_export_c_options_default();
    dlcore_model_t *model = any_network(number, NULL);
    size_t width = dlcore_model_input_width(model), units = dlcore_model_output_width(model);
    dlcore_predictor_t *predictor = NULL;
    dlcore_error_record_t error = {0};
    dlcore_tensor_t *samples;
    char prefix[32], name[32];
    float *x = inputs + input_count;

    snprintf(prefix, sizeof prefix, "net%zu", number);
    snprintf(name, sizeof name, "net%zu.c", number);
    any_network_samples(model, ROWS, x);
    samples = borrow_floats(x, ROWS, width);
    how.prefix = prefix;
    how.samples = samples;
    how.sync = false;
    how.error = &error;
    if (dlcore_model_export_c(model, folder_path(name), &how) != DLCORE_OK)
        fail_msg("%zu: %s", number, error.message);
    assert_int_equal(dlcore_predictor_create(model, NULL, &predictor), DLCORE_OK);
    for (size_t row = 0; row < ROWS; row++)
        assert_int_equal(dlcore_predictor_run(predictor, x + row * width, 1,
                                              expected + output_count + row * units),
                         DLCORE_OK);
    input_count += ROWS * width;
    output_count += ROWS * units + 1; /* and the self-test, of 0 */
    ends[number] = output_count;
    assert_true(input_count < NUMBERS && output_count < NUMBERS);
    dlcore_predictor_free(predictor);
    dlcore_tensor_free(samples);
    dlcore_model_free(model);
}

static int export_networks(void **state)
{
    if (folder_make(state) != 0)
        return 1;
    for (size_t n = 0; n < NETWORKS; n++)
        export_network(n);
    write_program();
    return 0;
}

static void check_outputs(const char *how)
{
    double largest = 0;
    size_t at = 0;

    for (size_t n = 0; n < NETWORKS; n++) {
        double most = 0;

        for (; at < ends[n]; at++) {
            double want = (double)expected[at];
            double error = fabs((double)outputs[at] - want) / fmax(1, fabs(want));

            most = !(error <= most) ? error : most; /* NaN, too */
        }
        if (!(most <= TOLERANCE))
            fail_msg("%s: network %zu is %.2g off", how, n, most);
        largest = fmax(largest, most);
    }
    print_message("%s: at most %.2g off\n", how, largest);
}

static void compile_and_compare(const char *compiler, const char *optimization, bool vectors)
{
    char flags[8000], files[2000] = "program.c", how[200];
    size_t size;

    snprintf(flags, sizeof flags, "%s", optimization);
    for (int n = 0; n < NETWORKS; n++) {
        size = strlen(flags);
        snprintf(flags + size, sizeof flags - size, " -DNET%d_SELF_TEST", n);
        size = strlen(flags);
        if (!vectors)
            snprintf(flags + size, sizeof flags - size, " -DNET%d_NO_VECTORS", n);
        size = strlen(files);
        snprintf(files + size, sizeof files - size, " net%d.c", n);
    }
    c_compile(compiler, flags, files, "program");
    size = c_run("program", inputs, input_count * sizeof *inputs, outputs, sizeof outputs);
    assert_int_equal(size, output_count * sizeof *outputs);
    snprintf(how, sizeof how, "%s %s%s", compiler, optimization, vectors ? "" : ", no vectors");
    check_outputs(how);
}

static void test_export_c_networks_compiled_agree_with_a_predictor(void **state)
{
    (void)state;
    if (c_compiler(0) == NULL)
        skip();
    for (size_t i = 0; c_compiler(i) != NULL; i++)
        compile_and_compare(c_compiler(i), "-O1", true);
}

static void test_export_c_networks_without_vectors_agree_with_a_predictor(void **state)
{
    (void)state;
    if (c_compiler(0) == NULL)
        skip();
    compile_and_compare(c_compiler(0), "-O1", false);
}

/* As a user does who wants speed; where the compilers are told, by DLCORE_TEST_COMPILERS. */
static void test_export_c_networks_optimized_agree_with_a_predictor(void **state)
{
    (void)state;
    if (getenv("DLCORE_TEST_COMPILERS") == NULL)
        skip();
    for (size_t i = 0; c_compiler(i) != NULL; i++) {
        compile_and_compare(c_compiler(i), "-O3 -march=native", true);
        compile_and_compare(c_compiler(i), "-Os", false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export_c_networks_compiled_agree_with_a_predictor),
        cmocka_unit_test(test_export_c_networks_without_vectors_agree_with_a_predictor),
        cmocka_unit_test(test_export_c_networks_optimized_agree_with_a_predictor),
    };
    return cmocka_run_group_tests(tests, export_networks, folder_remove);
}
