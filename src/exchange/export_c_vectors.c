/* Vectors of 8 numbers in an exported file, three times: of gcc and clang in one register (AVX) or
 * in two (SSE2, NEON), and structs for every other compiler and CPU. Wider ones gain nothing there:
 * gcc takes 53 ns with 16 numbers for what takes 42 ns with 8. Vectors are passed by pointer, since
 * calling conventions for values differ with the CPU's registers.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_c_vectors.h"

#define OPERATION(name, arguments) "static inline void @_" name "(" arguments ")\n"
#define EACH_LANE(statement) \
    "{\n    int l;\n    for (l = 0; l < 8; l++)\n        " statement ";\n}\n"
#define GET(what, from) "    __builtin_memcpy(&" what ", " from ", sizeof " what ");\n"

static const struct {
    const char *head, *one, *two, *lanes;
} vector_operations[] = {
    {OPERATION("load", "@_lanes *a, const float *w"), "{\n" GET("*a", "w") "}\n",
     "{\n" GET("a->low", "w") GET("a->high", "w + 4") "}\n", EACH_LANE("a->at[l] = $_READ(w + l)")},
    {OPERATION("store", "const @_lanes *a, float *y"),
     "{\n    __builtin_memcpy(y, a, sizeof *a);\n}\n",
     "{\n    __builtin_memcpy(y, a, sizeof *a);\n}\n", EACH_LANE("y[l] = a->at[l]")},
    {OPERATION("mul", "@_lanes *a, const float *w, float x"),
     "{\n    @_lanes t;\n" GET("t", "w") "    *a = t * x;\n}\n",
     "{\n    @_half t, u;\n" GET("t", "w")
         GET("u", "w + 4") "    a->low = t * x;\n    a->high = u * x;\n}\n",
     EACH_LANE("a->at[l] = $_READ(w + l) * x")},
    {OPERATION("madd", "@_lanes *a, const float *w, float x"),
     "{\n    @_lanes t;\n" GET("t", "w") "    *a += t * x;\n}\n",
     "{\n    @_half t, u;\n" GET("t", "w")
         GET("u", "w + 4") "    a->low += t * x;\n    a->high += u * x;\n}\n",
     EACH_LANE("a->at[l] += $_READ(w + l) * x")},
    {OPERATION("dot", "@_lanes *a, const float *w, const float *x"),
     "{\n    @_lanes t, u;\n" GET("t", "w") GET("u", "x") "    *a = t * u;\n}\n",
     "{\n    @_half t, u;\n" GET("t", "w") GET("u", "x") "    a->low = t * u;\n" GET("t", "w + 4")
         GET("u", "x + 4") "    a->high = t * u;\n}\n",
     EACH_LANE("a->at[l] = $_READ(w + l) * x[l]")},
    {OPERATION("dot_add", "@_lanes *a, const float *w, const float *x"),
     "{\n    @_lanes t, u;\n" GET("t", "w") GET("u", "x") "    *a += t * u;\n}\n",
     "{\n    @_half t, u;\n" GET("t", "w") GET("u", "x") "    a->low += t * u;\n" GET("t", "w + 4")
         GET("u", "x + 4") "    a->high += t * u;\n}\n",
     EACH_LANE("a->at[l] += $_READ(w + l) * x[l]")},
    {OPERATION("add", "@_lanes *a, const @_lanes *b"), "{\n    *a += *b;\n}\n",
     "{\n    a->low += b->low;\n    a->high += b->high;\n}\n", EACH_LANE("a->at[l] += b->at[l]")},
    {"static inline float @_sum(const @_lanes *a)\n",
     "{\n    @_half h, g;\n" GET("h", "a")
         GET("g", "(const char *)a + sizeof h") "    h += g;\n"
                                                "    return (h[0] + h[2]) + (h[1] + h[3]);\n}\n",
     "{\n    const @_half h = a->low + a->high;\n    return (h[0] + h[2]) + (h[1] + h[3]);\n}\n",
     "{\n    const float *t = a->at;\n"
     "    return ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]));\n}\n"},
    /* NaN stays NaN */
    {OPERATION("lanes_relu", "@_lanes *a"),
     "{\n    const @_lanes zero = {0};\n    *a = (@_lanes)((@_bits)*a & ~(*a < zero));\n}\n",
     "{\n    const @_half zero = {0};\n"
     "    a->low = (@_half)((@_bits)a->low & ~(a->low < zero));\n"
     "    a->high = (@_half)((@_bits)a->high & ~(a->high < zero));\n}\n",
     EACH_LANE("a->at[l] = a->at[l] < 0.0f ? 0.0f : a->at[l]")},
};

enum { VECTOR_OPERATIONS = sizeof vector_operations / sizeof vector_operations[0] };

static void put_operation(dlcore_export_text_t *text, int operation, const char *body)
{
    dlcore_export_puts(text, vector_operations[operation].head);
    dlcore_export_puts(text, body);
}

static const char *const vectors_head =
    "/* ---- vectors of 8 numbers ---- */\n"
    "\n"
    "#if defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON)) && "
    "!defined($_NO_VECTORS)\n"
    "#if defined(__clang__)\n"
    "#define $_UNROLL _Pragma(\"unroll\")\n"
    "#elif __GNUC__ >= 8\n"
    "#define $_UNROLL _Pragma(\"GCC unroll 16\")\n"
    "#else\n"
    "#define $_UNROLL\n"
    "#endif\n"
    "/* gcc for Windows aligns its stack to 16 bytes. */\n"
    "#if defined(__AVX__) && (!defined(_WIN32) || defined(__clang__))\n"
    "typedef float @_lanes __attribute__((vector_size(32)));\n";

void dlcore_export_put_vectors(dlcore_export_text_t *text, dlcore_export_pieces_t operations)
{
    bool sums = (operations & DLCORE_EXPORT_SUM) != 0,
         relu = (operations & DLCORE_EXPORT_RELU) != 0;

    if (operations == 0)
        return;
    dlcore_export_puts(text, vectors_head);
    if (sums)
        dlcore_export_puts(text, "typedef float @_half __attribute__((vector_size(16)));\n");
    if (relu)
        dlcore_export_puts(text, "typedef int @_bits __attribute__((vector_size(32)));\n");
    for (int i = 0; i < VECTOR_OPERATIONS; i++) {
        if ((operations >> i & 1) != 0)
            put_operation(text, i, vector_operations[i].one);
    }
    dlcore_export_puts(text, "#else\ntypedef float @_half __attribute__((vector_size(16)));\n"
                             "typedef struct {\n    @_half low, high;\n} @_lanes;\n");
    if (relu)
        dlcore_export_puts(text, "typedef int @_bits __attribute__((vector_size(16)));\n");
    for (int i = 0; i < VECTOR_OPERATIONS; i++) {
        if ((operations >> i & 1) != 0)
            put_operation(text, i, vector_operations[i].two);
    }
    dlcore_export_puts(text, "#endif\n#else\n#define $_UNROLL\n"
                             "typedef struct {\n    float at[8];\n} @_lanes;\n");
    for (int i = 0; i < VECTOR_OPERATIONS; i++) {
        if ((operations >> i & 1) != 0)
            put_operation(text, i, vector_operations[i].lanes);
    }
    dlcore_export_puts(text, "#endif\n\n");
}
