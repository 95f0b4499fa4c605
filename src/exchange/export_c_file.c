/* The frame of an exported file: head comment, macros, declarations, self-test.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_file.h"

#include <string.h>

#include "dlcore/version.h"

/* A layer's name as a comment takes it. */
static void put_layer_name(dlcore_export_text_t *text, const char *name)
{
    char plain[DLCORE_NAME_SIZE];
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < sizeof plain; i++) {
        unsigned char c = (unsigned char)name[i];
        bool taken = c < ' ' || c >= 127 || strchr("*/\\?@$", c) != NULL;

        plain[i] = taken ? '_' : name[i];
    }
    plain[i] = '\0';
    dlcore_export_puts(text, plain);
}

static void put_layers(dlcore_export_text_t *text, const dlcore_network_t *network)
{
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_node_t *node = &network->nodes[i];

        dlcore_export_puts(text, " *   ");
        put_layer_name(text, node->layer.name);
        dlcore_export_put(text, ": %s, %zu -> %zu", node->type->class_name, node->input_width,
                          node->output_width);
        if (node->layer.activation > DLCORE_ACTIVATION_LINEAR)
            dlcore_export_put(text, ", %s", dlcore_activation_name(node->layer.activation));
        dlcore_export_puts(text, "\n");
    }
}

static void put_head(dlcore_export_text_t *text, const dlcore_export_file_t *file)
{
    const dlcore_export_plan_t *plan = file->plan;

    dlcore_export_put(text,
                      "/* The network \"@\": %zu inputs, %zu outputs, %s. Made by dlcore %s: "
                      "change the model,\n * not this file.\n *\n",
                      plan->inputs, plan->outputs, file->int8 != NULL ? "int8" : "float32",
                      dlcore_version_string());
    dlcore_export_put(text,
                      " * Flash: %zu bytes of constants, and the code.\n"
                      " * RAM: %zu bytes of scratch, which the caller passes; no variables; on the "
                      "stack %zu bytes\n *      and what calls take.\n *\n * Layers:\n",
                      file->sizes.weight_bytes, file->sizes.scratch_bytes, file->sizes.stack_bytes);
    put_layers(text, plan->network);
    dlcore_export_puts(
        text,
        " *\n"
        " * Compile it as C99 or C++. Macros that you may define:\n"
        " *   $_DECLARE      gives the macros and declarations only, where @_predict is called\n"
        " *   $_API          stands before each function; \"static\" to include this file whole\n"
        " *   $_SELF_TEST    adds @_self_test\n"
        " *   $_NO_VECTORS   leaves vectors of the compiler alone\n"
        " *   $_FLASH, and $_READ(p) and the like: where constants lie and how they are read; on\n"
        " *                  AVR, PROGMEM and pgm_read_float */\n");
}

static void put_declarations(dlcore_export_text_t *text, const dlcore_export_file_t *file)
{
    dlcore_export_puts(text, "#if !defined($_INPUTS)\n");
    dlcore_export_put(text,
                      "#define $_INPUTS %zu\n#define $_OUTPUTS %zu\n"
                      "#define $_SCRATCH_BYTES %zu\n#define $_WEIGHT_BYTES %zu\n\n",
                      file->plan->inputs, file->plan->outputs, file->sizes.scratch_bytes,
                      file->sizes.weight_bytes);
    dlcore_export_puts(
        text,
        "#if !defined($_API)\n#define $_API\n#endif\n"
        "#if defined(__cplusplus)\nextern \"C\" {\n#endif\n"
        "/* y, $_OUTPUTS numbers, for x, $_INPUTS numbers. `scratch` is an array of floats of\n"
        " * $_SCRATCH_BYTES bytes for the time of the call. None of the three overlap. */\n"
        "$_API void @_predict(const float *x, float *y, float *scratch);\n"
        "#if defined($_SELF_TEST)\n"
        "/* The largest difference between what comes out and what dlcore computed for this file, "
        "over\n"
        " * the samples below; relative to outputs above 1. Less than 1e-5 is rounding. Not\n"
        " * re-entrant. */\n"
        "$_API float @_self_test(float *scratch);\n"
        "#endif\n"
        "#if defined(__cplusplus)\n}\n#endif\n"
        "#endif\n\n");
}

static void put_macros(dlcore_export_text_t *text, bool whole)
{
    dlcore_export_puts(text, "#if !defined($_DECLARE) && !defined($_DEFINED)\n"
                             "#define $_DEFINED\n"
                             "#include <math.h>\n"
                             "#include <stddef.h>\n");
    dlcore_export_puts(text, whole ? "#include <stdint.h>\n" : "");
    dlcore_export_puts(text, "\n#if !defined($_FLASH)\n"
                             "#if defined(__AVR__)\n"
                             "#include <avr/pgmspace.h>\n"
                             "#define $_FLASH PROGMEM\n"
                             "#define $_READ(p) pgm_read_float(p)\n");
    if (whole)
        dlcore_export_puts(text, "#define $_READ8(p) ((int8_t)pgm_read_byte(p))\n"
                                 "#define $_READU8(p) pgm_read_byte(p)\n"
                                 "#define $_READ16(p) pgm_read_word(p)\n"
                                 "#define $_READ32(p) ((int32_t)pgm_read_dword(p))\n");
    dlcore_export_puts(text, "#else\n"
                             "#define $_FLASH\n"
                             "#define $_READ(p) (*(p))\n");
    if (whole)
        dlcore_export_puts(text, "#define $_READ8(p) (*(p))\n"
                                 "#define $_READU8(p) (*(p))\n"
                                 "#define $_READ16(p) (*(p))\n"
                                 "#define $_READ32(p) (*(p))\n");
    /* a macro of the host's reads one number at a time */
    dlcore_export_puts(text, "#endif\n"
                             "#elif !defined($_NO_VECTORS)\n"
                             "#define $_NO_VECTORS\n"
                             "#endif\n"
                             "#if defined(__GNUC__) || defined(_MSC_VER)\n"
                             "#define $_RESTRICT __restrict\n"
                             "#elif defined(__cplusplus)\n"
                             "#define $_RESTRICT\n"
                             "#else\n"
                             "#define $_RESTRICT restrict\n"
                             "#endif\n\n");
}

static double float_number(const void *from, size_t i)
{
    return (double)((const float *)from)[i];
}

static void put_self_test(dlcore_export_text_t *text, const dlcore_export_file_t *file)
{
    dlcore_export_puts(text, "#if defined($_SELF_TEST)\n");
    dlcore_export_put_floats(text, "test_x", 0, file->test_rows * file->plan->inputs, float_number,
                             file->test_x);
    dlcore_export_put_floats(text, "test_y", 0, file->test_rows * file->plan->outputs, float_number,
                             file->test_y);
    dlcore_export_puts(text, "$_API float @_self_test(float *scratch)\n"
                             "{\n"
                             "    static float x[$_INPUTS], y[$_OUTPUTS];\n"
                             "    float largest = 0.0f;\n"
                             "    size_t row, i;\n");
    dlcore_export_put(text, "    for (row = 0; row < %zu; row++) {\n", file->test_rows);
    dlcore_export_puts(text,
                       "        for (i = 0; i < $_INPUTS; i++)\n"
                       "            x[i] = $_READ(@_test_x0 + row * $_INPUTS + i);\n"
                       "        @_predict(x, y, scratch);\n"
                       "        for (i = 0; i < $_OUTPUTS; i++) {\n"
                       "            const float want = $_READ(@_test_y0 + row * $_OUTPUTS + i);\n"
                       "            const float size = fabsf(want) > 1.0f ? fabsf(want) : 1.0f;\n"
                       "            const float error = fabsf(y[i] - want) / size;\n"
                       "            if (!(error < 1.0e30f))\n"
                       "                return error;\n"
                       "            largest = error > largest ? error : largest;\n"
                       "        }\n"
                       "    }\n"
                       "    return largest;\n"
                       "}\n"
                       "#endif\n");
}

void dlcore_export_put_file(dlcore_export_text_t *text, const dlcore_export_file_t *file)
{
    put_head(text, file);
    put_declarations(text, file);
    put_macros(text, file->int8 != NULL);
    if (file->int8 != NULL)
        dlcore_export_put_int8_network(text, file->int8);
    else
        dlcore_export_put_float_network(text, file->plan);
    put_self_test(text, file);
    dlcore_export_puts(text, "#endif\n");
}
