/* The steps of an exported int8 file: what export_int8_run.c computes, as text.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_int8_steps.h"

/* ---- what several steps call ---- */

static const char *const kept_text =
    "static int8_t @_kept(int64_t value, int low, int high)\n"
    "{\n    return (int8_t)(value < low ? low : value > high ? high : value);\n}\n\n";

static const char *const quantize_text =
    "static int8_t @_quantize(float v)\n"
    "{\n    if (!(v > -127.5f))\n        return -128;\n"
    "    return (int8_t)(v < 126.5f ? (int)floorf(v + 0.5f) : 127);\n}\n\n";

static const char *const square_root_text =
    "static uint32_t @_square_root(uint64_t value)\n"
    "{\n    uint64_t root = 0, bit = (uint64_t)1 << 62;\n"
    "    while (bit > value)\n        bit >>= 2;\n"
    "    for (; bit != 0; bit >>= 2) {\n"
    "        if (value >= root + bit) {\n"
    "            value -= root + bit;\n            root = (root >> 1) + bit;\n"
    "        } else {\n            root >>= 1;\n        }\n    }\n"
    "    return (uint32_t)root;\n}\n\n";

void dlcore_export_put_int8_pieces(dlcore_export_text_t *text, const dlcore_export_int8_t *int8)
{
    bool keeps = false, roots = false;

    for (size_t i = int8->first; i < int8->last; i++) {
        keeps = keeps || int8->plan->steps[i].kind != DLCORE_EXPORT_ACTIVATION;
        roots = roots || int8->plan->steps[i].kind == DLCORE_EXPORT_ROW_NORM;
    }
    dlcore_export_puts(text, quantize_text);
    if (keeps)
        dlcore_export_puts(text, kept_text);
    if (roots)
        dlcore_export_puts(text, square_root_text);
}

/* ---- constants ---- */

static long int8_number(const void *from, size_t i)
{
    return ((const int8_t *)from)[i];
}

static long uint8_number(const void *from, size_t i)
{
    return ((const uint8_t *)from)[i];
}

static long uint16_number(const void *from, size_t i)
{
    return ((const uint16_t *)from)[i];
}

static long int32_number(const void *from, size_t i)
{
    return ((const int32_t *)from)[i];
}

static double factor_number(const void *from, size_t i)
{
    return (double)((const float *)from)[i];
}

size_t dlcore_export_int8_step_bytes(const dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    const dlcore_export_whole_t *of = &int8->steps[i];

    switch (step->kind) {
    case DLCORE_EXPORT_DENSE: /* bias and factor, or bias, multiplier and shift */
        return step->outputs * (step->inputs + (i == int8->last ? 8 : 9));
    case DLCORE_EXPORT_ACTIVATION:
        return of->is_fused ? 0 : of->powers != NULL ? 512 : 256;
    case DLCORE_EXPORT_AFFINE:
    case DLCORE_EXPORT_PRELU:
    case DLCORE_EXPORT_ROW_NORM:
        break;
    case DLCORE_EXPORT_GLU: /* refused there */
    case DLCORE_EXPORT_GROUPS:
        return 0;
    }
    return step->outputs * 8;
}

/* ---- dense ---- */

static void put_whole_dense(dlcore_export_text_t *text, const dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    const dlcore_export_whole_t *of = &int8->steps[i];
    size_t units = step->outputs;
    bool last = i == int8->last;

    dlcore_export_put(text, "/* Dense: %zu inputs, %zu units */\n", step->inputs, units);
    dlcore_export_put_wholes(text, "int8_t", "w", i, step->inputs * units, int8_number, of->weight);
    dlcore_export_put_wholes(text, "int32_t", "b", i, units, int32_number, of->bias);
    if (last) {
        dlcore_export_put_floats(text, "f", i, units, factor_number, of->factor);
    } else {
        dlcore_export_put_wholes(text, "int32_t", "m", i, units, int32_number, of->multiplier);
        dlcore_export_put_wholes(text, "uint8_t", "s", i, units, uint8_number, of->shift);
    }
    dlcore_export_put(text,
                      "static void @_step%zu(const int8_t *$_RESTRICT x, %s *$_RESTRICT y)\n{\n"
                      "    size_t i, u;\n"
                      "    for (u = 0; u < %zu; u++) {\n"
                      "        const int8_t *w = @_w%zu + u * %zu;\n"
                      "        int32_t sum = $_READ32(@_b%zu + u);\n",
                      i, last ? "float" : "int8_t", units, i, step->inputs, i);
    dlcore_export_put(text,
                      "        for (i = 0; i < %zu; i++)\n"
                      "            sum += $_READ8(w + i) * x[i];\n",
                      step->inputs);
    if (last)
        dlcore_export_put(text, "        y[u] = (float)sum * $_READ(@_f%zu + u);\n", i);
    else
        dlcore_export_put(
            text,
            "        {\n            const int shift = $_READU8(@_s%zu + u);\n"
            "            const int64_t product = (int64_t)sum * $_READ32(@_m%zu + u);\n"
            "            y[u] = @_kept(((product + ((int64_t)1 << (shift - 1))) >> "
            "shift) + %d, %d, %d);\n        }\n",
            i, i, of->zero, of->low, of->high);
    dlcore_export_puts(text, "    }\n}\n\n");
}

/* ---- between dense steps ---- */

static void put_function(dlcore_export_text_t *text, size_t i)
{
    dlcore_export_put(text, "static void @_step%zu(int8_t *x)\n{\n    size_t i;\n", i);
}

static void put_table(dlcore_export_text_t *text, const dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];

    dlcore_export_put(text, "/* %s */\n", dlcore_activation_name(step->activation.kind));
    dlcore_export_put_wholes(text, "int8_t", "t", i, 256, int8_number, int8->steps[i].table);
    put_function(text, i);
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++)\n"
                      "        x[i] = $_READ8(@_t%zu + (x[i] + 128));\n}\n\n",
                      step->outputs, i);
}

static void put_whole_softmax(dlcore_export_text_t *text, const dlcore_export_int8_t *int8,
                              size_t i)
{
    size_t n = int8->plan->steps[i].outputs;

    dlcore_export_puts(text, "/* softmax */\n");
    dlcore_export_put_wholes(text, "uint16_t", "e", i, 256, uint16_number, int8->steps[i].powers);
    put_function(text, i);
    dlcore_export_put(text,
                      "    int8_t largest = x[0];\n    uint32_t sum = 0;\n"
                      "    for (i = 1; i < %zu; i++)\n"
                      "        largest = x[i] > largest ? x[i] : largest;\n"
                      "    for (i = 0; i < %zu; i++)\n"
                      "        sum += $_READ16(@_e%zu + (largest - x[i]));\n",
                      n, n, i);
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++) {\n"
                      "        const uint32_t e = $_READ16(@_e%zu + (largest - x[i]));\n"
                      "        x[i] = (int8_t)((int)((e * 255u + sum / 2u) / sum) - 128);\n"
                      "    }\n}\n\n",
                      n, i);
}

static void put_linear(dlcore_export_text_t *text, const dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    const dlcore_export_whole_t *of = &int8->steps[i];
    bool prelu = step->kind == DLCORE_EXPORT_PRELU;

    dlcore_export_put(text, "/* %s */\n", step->node->type->class_name);
    dlcore_export_put_wholes(text, "int32_t", "m", i, step->outputs, int32_number,
                             prelu ? of->negative : of->multiplier);
    if (!prelu)
        dlcore_export_put_wholes(text, "int32_t", "b", i, step->outputs, int32_number, of->bias);
    put_function(text, i);
    dlcore_export_put(text,
                      "    for (i = 0; i < %zu; i++) {\n        const int32_t d = x[i] - %d;\n",
                      step->outputs, of->zero_in);
    if (prelu)
        dlcore_export_put(text,
                          "        const int64_t v = (int64_t)d * (d < 0 ? $_READ32(@_m%zu + i) : "
                          "%ld);\n",
                          i, (long)of->multiplier[0]);
    else
        dlcore_export_put(text,
                          "        const int64_t v = (int64_t)d * $_READ32(@_m%zu + i) + "
                          "$_READ32(@_b%zu + i);\n",
                          i, i);
    dlcore_export_put(text,
                      "        x[i] = @_kept(((v + 32768) >> 16) + %d, -128, 127);\n    }\n}\n\n",
                      of->zero);
}

/* Squares about the mean or about x's zero. */
static void put_whole_root(dlcore_export_text_t *text, const dlcore_export_whole_t *of, size_t n,
                           bool about_mean)
{
    dlcore_export_put(text, "    const int32_t n = %zu;\n", n);
    if (about_mean)
        dlcore_export_puts(text, "    int32_t sum = 0;\n");
    dlcore_export_puts(text, "    int64_t squares = 0, root;\n");
    if (about_mean)
        dlcore_export_put(text, "    for (i = 0; i < %zu; i++)\n        sum += x[i];\n", n);
    dlcore_export_put(text, "    for (i = 0; i < %zu; i++) {\n        const int64_t d = n * ", n);
    if (about_mean)
        dlcore_export_puts(text, "x[i] - sum;\n");
    else
        dlcore_export_put(text, "(x[i] - %d);\n", of->zero_in);
    dlcore_export_puts(text, "        squares += d * d;\n    }\n");
    dlcore_export_put(text,
                      "    root = @_square_root((uint64_t)(squares / n + %lld) << 16);\n"
                      "    for (i = 0; i < %zu; i++) {\n",
                      (long long)of->epsilon, n);
}

static void put_whole_norm(dlcore_export_text_t *text, const dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    const dlcore_export_whole_t *of = &int8->steps[i];
    bool about_mean = dlcore_export_has_variance(step->norm);
    bool scaled = step->norm == DLCORE_EXPORT_NORM_SCALED;
    size_t n = step->outputs;

    dlcore_export_put(text, "/* %s */\n", step->node->type->class_name);
    dlcore_export_put_wholes(text, "int32_t", "m", i, n, int32_number, of->multiplier);
    dlcore_export_put_wholes(text, "int32_t", "b", i, n, int32_number, of->bias);
    put_function(text, i);
    put_whole_root(text, of, n, about_mean);
    dlcore_export_puts(text, scaled ? "        int64_t t = root > 0 ? (int64_t)("
                                    : "        const int64_t t = root > 0 ? (int64_t)(");
    if (about_mean && !scaled)
        dlcore_export_puts(text, "n * x[i] - sum");
    else
        dlcore_export_put(text, "n * (x[i] - %d)", of->zero_in);
    dlcore_export_puts(text, ") * 8388608 / root : 0;\n");
    if (scaled)
        dlcore_export_puts(text, "        int64_t v;\n"
                                 "        t = t < -2147483647 ? -2147483647 : t > 2147483647 ? "
                                 "2147483647 : t;\n        v");
    else
        dlcore_export_puts(text, "        const int64_t v");
    dlcore_export_put(text,
                      " = ((t * $_READ32(@_m%zu + i)) >> 15) + $_READ32(@_b%zu + i);\n"
                      "        x[i] = @_kept(((v + 2048) >> 12) + %d, -128, 127);\n    }\n}\n\n",
                      i, i, of->zero);
}

void dlcore_export_put_int8_step(dlcore_export_text_t *text, const dlcore_export_int8_t *int8,
                                 size_t i)
{
    const dlcore_export_whole_t *of = &int8->steps[i];

    switch (int8->plan->steps[i].kind) {
    case DLCORE_EXPORT_DENSE:
        put_whole_dense(text, int8, i);
        return;
    case DLCORE_EXPORT_ROW_NORM:
        put_whole_norm(text, int8, i);
        return;
    case DLCORE_EXPORT_AFFINE:
    case DLCORE_EXPORT_PRELU:
        put_linear(text, int8, i);
        return;
    case DLCORE_EXPORT_ACTIVATION:
        break;
    case DLCORE_EXPORT_GLU: /* refused there */
    case DLCORE_EXPORT_GROUPS:
        return;
    }
    if (of->powers != NULL)
        put_whole_softmax(text, int8, i);
    else if (!of->is_fused)
        put_table(text, int8, i);
}
