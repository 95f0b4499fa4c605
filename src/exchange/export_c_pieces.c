/* The activations of an exported file, one by one: the formulas of
 * kernels/kernels_activations_template.h, with what math.h has on every board. (AVR's lacks erff,
 * expm1f and log1pf.)
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_pieces.h"

#include <math.h>

#include "exchange/export_c_vectors.h"

/* The place of a piece in the list is its bit, above those of vectors. */
enum {
    PIECE_RELU = 9,
    PIECE_RELU6,
    PIECE_LEAKY_RELU,
    PIECE_HARD_SIGMOID,
    PIECE_HARD_SILU,
    PIECE_SIGMOID,
    PIECE_TANH,
    PIECE_EXPM1,
    PIECE_ELU,
    PIECE_SELU,
    PIECE_EXPONENTIAL,
    PIECE_SOFTPLUS,
    PIECE_SOFTSIGN,
    PIECE_SILU,
    PIECE_MISH,
    PIECE_GELU,
    PIECE_GELU_TANH,
    PIECE_CELU,
    PIECE_HARD_TANH,
    PIECE_LOG_SIGMOID,
    PIECE_SOFT_SHRINK,
    PIECE_HARD_SHRINK,
    PIECE_TANH_SHRINK,
    PIECE_SQUAREPLUS,
    PIECE_SPARSE_PLUS,
    PIECE_SPARSE_SIGMOID,
    PIECE_RELU_GENERAL,
    PIECE_SOFTMAX,
    PIECE_LOG_SOFTMAX,
    PIECE_SUPPORT,
    PIECE_SPARSEMAX,
    PIECE_SPARSEMAX_KERAS,
    PIECE_COUNT
};

#define PIECE_BIT(name) (UINT64_C(1) << (PIECE_##name))
#define ONE_NUMBER(name, body) "static float @_" name "(float x)\n{\n" body "}\n\n"
#define WITH_PARAMETER(name, parameter, body) \
    "static float @_" name "(float x, float " parameter ")\n{\n" body "}\n\n"
#define OF_ROW(name, body) "static void @_" name "(float *y, size_t n)\n{\n" body "}\n\n"

/* clang-format off */
static const struct {
    dlcore_export_pieces_t calls;
    const char *text;
} activation_pieces[PIECE_COUNT] = {
    [PIECE_RELU] = {0, ONE_NUMBER("relu", "    return x < 0.0f ? 0.0f : x;\n")},
    [PIECE_RELU6] = {0, ONE_NUMBER("relu6", "    return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;\n")},
    [PIECE_LEAKY_RELU] = {0, WITH_PARAMETER("leaky_relu", "slope",
        "    return x > 0.0f ? x : slope * x;\n")},
    [PIECE_HARD_SIGMOID] = {PIECE_BIT(RELU6), ONE_NUMBER("hard_sigmoid",
        "    return @_relu6(x + 3.0f) / 6.0f;\n")},
    [PIECE_HARD_SILU] = {PIECE_BIT(HARD_SIGMOID), ONE_NUMBER("hard_silu",
        "    return x * @_hard_sigmoid(x);\n")},
    [PIECE_SIGMOID] = {0, ONE_NUMBER("sigmoid", "    return 1.0f / (1.0f + expf(-x));\n")},
    [PIECE_TANH] = {0, ONE_NUMBER("tanh", "    return tanhf(x);\n")},
    [PIECE_EXPM1] = {0, "/* exp(x) - 1 for x below 0: no digits cancel */\n" ONE_NUMBER("expm1",
        "    const float t = tanhf(0.5f * x);\n"
        "    return 2.0f * t / (1.0f - t);\n")},
    [PIECE_ELU] = {PIECE_BIT(EXPM1), WITH_PARAMETER("elu", "alpha",
        "    return x < 0.0f ? alpha * @_expm1(x) : x;\n")},
    [PIECE_SELU] = {PIECE_BIT(EXPM1), ONE_NUMBER("selu",
        "    return 1.05070099f * (x < 0.0f ? 1.67326324f * @_expm1(x) : x);\n")},
    [PIECE_EXPONENTIAL] = {0, ONE_NUMBER("exponential", "    return expf(x);\n")},
    [PIECE_SOFTPLUS] = {0, "/* max(x, 0) + log(1 + exp(-|x|)), with the rounding of 1 + e corrected */\n"
        ONE_NUMBER("softplus",
        "    const float e = expf(-fabsf(x)), u = 1.0f + e;\n"
        "    return (x < 0.0f ? 0.0f : x) + (logf(u) - ((u - 1.0f) - e) / u);\n")},
    [PIECE_SOFTSIGN] = {0, ONE_NUMBER("softsign", "    return x / (1.0f + fabsf(x));\n")},
    [PIECE_SILU] = {PIECE_BIT(SIGMOID), ONE_NUMBER("silu", "    return x * @_sigmoid(x);\n")},
    [PIECE_MISH] = {0, "/* x tanh(log(1 + e)), e = exp(x) */\n" ONE_NUMBER("mish",
        "    const float e = expf(x < 20.0f ? x : 20.0f), n = e * (e + 2.0f);\n"
        "    return x * (n / (n + 2.0f));\n")},
    [PIECE_GELU] = {0,
        "/* x P(X <= x) of a normal X: the tail is exp(-a^2 / 2) times a polynomial in\n"
        " * (a - 4) / (a + 4), a = |x|. Of a the first bits are squared exactly. */\n"
        ONE_NUMBER("gelu",
        "    const float a = fabsf(x) < 14.0f ? fabsf(x) : 14.0f;\n"
        "    const float t = 1.0f / (a + 4.0f), q = (a - 4.0f) * t;\n"
        "    const float head = floorf(a * 256.0f) / 256.0f;\n"
        "    float tail = -1.29529319e-4f;\n"
        "    tail = tail * q + 1.84628007e-4f;\n"
        "    tail = tail * q + 1.57185842e-3f;\n"
        "    tail = tail * q - 3.51498136e-3f;\n"
        "    tail = tail * q - 7.52672693e-3f;\n"
        "    tail = tail * q + 6.04041442e-2f;\n"
        "    tail = tail * q - 1.86523199e-1f;\n"
        "    tail = tail * q + 3.87136877e-1f;\n"
        "    tail = tail * q - 6.07896626e-1f;\n"
        "    tail = tail * q + 7.55285144e-1f;\n"
        "    tail = tail * t * expf(-0.5f * head * head) * expf(-0.5f * (a - head) * (a + head));\n"
        "    return x * (x < 0.0f ? tail : 1.0f - tail);\n")},
    [PIECE_GELU_TANH] = {PIECE_BIT(SIGMOID), ONE_NUMBER("gelu_tanh",
        "    const float b = x > 20.0f ? 20.0f : x < -20.0f ? -20.0f : x;\n"
        "    return x * @_sigmoid(b * 1.59576912f * (1.0f + 0.044715f * b * b));\n")},
    [PIECE_CELU] = {PIECE_BIT(EXPM1), ONE_NUMBER("celu",
        "    return x < 0.0f ? @_expm1(x) : x;\n")},
    [PIECE_HARD_TANH] = {0, ONE_NUMBER("hard_tanh",
        "    return x < -1.0f ? -1.0f : x > 1.0f ? 1.0f : x;\n")},
    [PIECE_LOG_SIGMOID] = {PIECE_BIT(SOFTPLUS), ONE_NUMBER("log_sigmoid",
        "    return -@_softplus(-x);\n")},
    [PIECE_SOFT_SHRINK] = {0, "/* NaN stays NaN */\n" ONE_NUMBER("soft_shrink",
        "    return x > 0.5f ? x - 0.5f : x < -0.5f ? x + 0.5f : 0.0f * x;\n")},
    [PIECE_HARD_SHRINK] = {0, ONE_NUMBER("hard_shrink",
        "    return fabsf(x) <= 0.5f ? 0.0f : x;\n")},
    [PIECE_TANH_SHRINK] = {0, "/* near 0, where x - tanh(x) cancels, (x cosh x - sinh x) / cosh x */\n"
        ONE_NUMBER("tanh_shrink",
        "    const float s = x * x;\n"
        "    float d = 1.92708526e-9f, c = 2.08767570e-9f;\n"
        "    if (!(fabsf(x) < 1.25f))\n"
        "        return x - tanhf(x);\n"
        "    d = d * s + 2.50521084e-7f;\n"
        "    d = d * s + 2.20458554e-5f;\n"
        "    d = d * s + 1.19047619e-3f;\n"
        "    d = d * s + 3.33333333e-2f;\n"
        "    d = d * s + 3.33333333e-1f;\n"
        "    c = c * s + 2.75573192e-7f;\n"
        "    c = c * s + 2.48015873e-5f;\n"
        "    c = c * s + 1.38888889e-3f;\n"
        "    c = c * s + 4.16666667e-2f;\n"
        "    c = c * s + 0.5f;\n"
        "    c = c * s + 1.0f;\n"
        "    return x * s * d / c;\n")},
    [PIECE_SQUAREPLUS] = {0, "/* (|x| + sqrt(x^2 + 4)) / 2; below 0 its inverse, as the sum would cancel */\n"
        ONE_NUMBER("squareplus",
        "    const float a = fabsf(x), b = a < 1.0e15f ? a : 1.0e15f, root = sqrtf(b * b + 4.0f);\n"
        "    const float s = 0.5f * a + 0.5f * (root > a ? root : a);\n"
        "    return x < 0.0f ? 1.0f / s : s;\n")},
    [PIECE_SPARSE_PLUS] = {0, ONE_NUMBER("sparse_plus",
        "    return x > 1.0f ? x : x < -1.0f ? 0.0f : 0.25f * (x + 1.0f) * (x + 1.0f);\n")},
    [PIECE_SPARSE_SIGMOID] = {0, ONE_NUMBER("sparse_sigmoid",
        "    return x > 1.0f ? 1.0f : x < -1.0f ? 0.0f : 0.5f * (x + 1.0f);\n")},
    [PIECE_RELU_GENERAL] = {0, WITH_PARAMETER("relu_general",
        "most, float slope, float threshold",
        "    const float y = x <= threshold ? 0.0f : x > most ? most : x;\n"
        "    return slope > 0.0f && x < threshold ? y - slope * (threshold - x) : y;\n")},
    [PIECE_SOFTMAX] = {0, OF_ROW("softmax",
        "    float largest = y[0], sum = 0.0f;\n"
        "    size_t i;\n"
        "    for (i = 1; i < n; i++)\n"
        "        largest = y[i] > largest ? y[i] : largest;\n"
        "    for (i = 0; i < n; i++) {\n"
        "        y[i] = expf(y[i] - largest);\n"
        "        sum += y[i];\n"
        "    }\n"
        "    for (i = 0; i < n; i++)\n"
        "        y[i] /= sum;\n")},
    [PIECE_LOG_SOFTMAX] = {0, OF_ROW("log_softmax",
        "    float largest = y[0], sum = 0.0f;\n"
        "    size_t i;\n"
        "    for (i = 1; i < n; i++)\n"
        "        largest = y[i] > largest ? y[i] : largest;\n"
        "    for (i = 0; i < n; i++)\n"
        "        sum += expf(y[i] - largest);\n"
        "    sum = logf(sum);\n"
        "    for (i = 0; i < n; i++)\n"
        "        y[i] = (y[i] - largest) - sum;\n")},
    [PIECE_SUPPORT] = {0,
        "/* makes y what it is below its largest number; *tau: so that max(y - tau, 0) has the sum 1;\n"
        " * answers how many are above: from a tau that is too small, upwards */\n"
        "static size_t @_support(float *y, size_t n, float *largest, float *tau)\n{\n"
        "    float sum;\n"
        "    size_t i, count, before = n + 1;\n"
        "    *largest = y[0];\n"
        "    for (i = 1; i < n; i++)\n"
        "        *largest = y[i] > *largest ? y[i] : *largest;\n"
        "    for (i = 0; i < n; i++)\n"
        "        y[i] -= *largest;\n"
        "    *tau = -1.0f;\n"
        "    for (;;) {\n"
        "        sum = 0.0f;\n"
        "        count = 0;\n"
        "        for (i = 0; i < n; i++) {\n"
        "            if (!(y[i] <= *tau)) {\n"
        "                sum += y[i];\n"
        "                count++;\n"
        "            }\n"
        "        }\n"
        "        if (count >= before)\n"
        "            return count;\n"
        "        *tau = (sum - 1.0f) / (float)count;\n"
        "        before = count;\n"
        "    }\n"
        "}\n\n"},
    [PIECE_SPARSEMAX] = {PIECE_BIT(SUPPORT), OF_ROW("sparsemax",
        "    float largest, tau;\n"
        "    size_t i;\n"
        "    (void)@_support(y, n, &largest, &tau);\n"
        "    for (i = 0; i < n; i++)\n"
        "        y[i] = y[i] < tau ? 0.0f : y[i] - tau;\n")},
    [PIECE_SPARSEMAX_KERAS] = {PIECE_BIT(SUPPORT),
        "/* the r-th largest of k counts k - r + 1 times */\n"
        OF_ROW("sparsemax_keras",
        "    float largest, tau, sum = 0.0f;\n"
        "    const size_t count = @_support(y, n, &largest, &tau);\n"
        "    size_t i, k, rank;\n"
        "    for (i = 0; i < n; i++) {\n"
        "        if (!(y[i] <= tau)) {\n"
        "            rank = 0;\n"
        "            for (k = 0; k < n; k++)\n"
        "                rank += y[k] > y[i] || (y[k] == y[i] && k < i) ? 1u : 0u;\n"
        "            sum += ((float)count - (float)rank) * y[i];\n"
        "        }\n"
        "    }\n"
        "    tau = (sum - 1.0f) / (float)count + 0.5f * largest * ((float)count - 1.0f);\n"
        "    for (i = 0; i < n; i++)\n"
        "        y[i] = y[i] < tau ? 0.0f : y[i] - tau;\n")},
};

static const int piece_of_activation[DLCORE_ACTIVATION_COUNT] = {
    [DLCORE_ACTIVATION_RELU] = PIECE_RELU,
    [DLCORE_ACTIVATION_SOFTMAX] = PIECE_SOFTMAX,
    [DLCORE_ACTIVATION_SIGMOID] = PIECE_SIGMOID,
    [DLCORE_ACTIVATION_TANH] = PIECE_TANH,
    [DLCORE_ACTIVATION_LEAKY_RELU] = PIECE_LEAKY_RELU,
    [DLCORE_ACTIVATION_RELU6] = PIECE_RELU6,
    [DLCORE_ACTIVATION_ELU] = PIECE_ELU,
    [DLCORE_ACTIVATION_SELU] = PIECE_SELU,
    [DLCORE_ACTIVATION_GELU] = PIECE_GELU,
    [DLCORE_ACTIVATION_GELU_TANH] = PIECE_GELU_TANH,
    [DLCORE_ACTIVATION_SILU] = PIECE_SILU,
    [DLCORE_ACTIVATION_SOFTPLUS] = PIECE_SOFTPLUS,
    [DLCORE_ACTIVATION_SOFTSIGN] = PIECE_SOFTSIGN,
    [DLCORE_ACTIVATION_HARD_SIGMOID] = PIECE_HARD_SIGMOID,
    [DLCORE_ACTIVATION_HARD_SILU] = PIECE_HARD_SILU,
    [DLCORE_ACTIVATION_MISH] = PIECE_MISH,
    [DLCORE_ACTIVATION_EXPONENTIAL] = PIECE_EXPONENTIAL,
    [DLCORE_ACTIVATION_LOG_SOFTMAX] = PIECE_LOG_SOFTMAX,
    [DLCORE_ACTIVATION_CELU] = PIECE_CELU,
    [DLCORE_ACTIVATION_HARD_TANH] = PIECE_HARD_TANH,
    [DLCORE_ACTIVATION_LOG_SIGMOID] = PIECE_LOG_SIGMOID,
    [DLCORE_ACTIVATION_SOFT_SHRINK] = PIECE_SOFT_SHRINK,
    [DLCORE_ACTIVATION_HARD_SHRINK] = PIECE_HARD_SHRINK,
    [DLCORE_ACTIVATION_TANH_SHRINK] = PIECE_TANH_SHRINK,
    [DLCORE_ACTIVATION_SQUAREPLUS] = PIECE_SQUAREPLUS,
    [DLCORE_ACTIVATION_SPARSE_PLUS] = PIECE_SPARSE_PLUS,
    [DLCORE_ACTIVATION_SPARSE_SIGMOID] = PIECE_SPARSE_SIGMOID,
    [DLCORE_ACTIVATION_SPARSEMAX] = PIECE_SPARSEMAX,
    [DLCORE_ACTIVATION_SPARSEMAX_KERAS] = PIECE_SPARSEMAX_KERAS,
    [DLCORE_ACTIVATION_RELU_GENERAL] = PIECE_RELU_GENERAL,
};
/* clang-format on */

dlcore_export_pieces_t dlcore_export_activation_pieces(dlcore_activation_t kind)
{
    int piece = piece_of_activation[kind];

    return piece != 0 ? UINT64_C(1) << piece : 0;
}

void dlcore_export_put_pieces(dlcore_export_text_t *text, dlcore_export_pieces_t pieces)
{
    for (int i = PIECE_COUNT - 1; i >= PIECE_RELU; i--) { /* whoever calls stands behind */
        if ((pieces >> i & 1) != 0)
            pieces |= activation_pieces[i].calls;
    }
    dlcore_export_put_vectors(text, pieces & DLCORE_EXPORT_VECTORS);
    for (int i = PIECE_RELU; i < PIECE_COUNT; i++) {
        if ((pieces >> i & 1) != 0)
            dlcore_export_puts(text, activation_pieces[i].text);
    }
}

void dlcore_export_put_call(dlcore_export_text_t *text, dlcore_activate_t activation)
{
    dlcore_export_put(text, "@_%s(", dlcore_activation_name(activation.kind));
}

void dlcore_export_put_call_end(dlcore_export_text_t *text, dlcore_activate_t activation)
{
    int piece = piece_of_activation[activation.kind];

    if (piece == PIECE_LEAKY_RELU || piece == PIECE_ELU) {
        dlcore_export_puts(text, ", ");
        dlcore_export_put_float(text, (double)activation.parameter);
    } else if (piece == PIECE_RELU_GENERAL) {
        dlcore_export_puts(text, ", ");
        if (activation.relu.max_value < HUGE_VALF)
            dlcore_export_put_float(text, (double)activation.relu.max_value);
        else
            dlcore_export_puts(text, "INFINITY");
        dlcore_export_puts(text, ", ");
        dlcore_export_put_float(text, (double)activation.relu.negative_slope);
        dlcore_export_puts(text, ", ");
        dlcore_export_put_float(text, (double)activation.relu.threshold);
    }
    dlcore_export_puts(text, ")");
}
