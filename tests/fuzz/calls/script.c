/* SPDX-License-Identifier: MIT */
#include "fuzz/calls/script.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool script_ended(const script_t *script)
{
    return script->at >= script->size;
}

uint8_t script_byte(script_t *script)
{
    return script->at < script->size ? script->bytes[script->at++] : 0;
}

size_t script_pick(script_t *script, size_t count)
{
    return script_byte(script) % count;
}

bool script_rarely(script_t *script, size_t times)
{
    return script_pick(script, times) == times - 1;
}

bool script_flag(script_t *script)
{
    return script_pick(script, 2) == 1;
}

size_t script_size(script_t *script, size_t most)
{
    static const size_t hostile[] = {SIZE_MAX,
                                     SIZE_MAX - 1,
                                     SIZE_MAX / 2,
                                     SIZE_MAX / 4 + 1,
                                     (size_t)1 << 31,
                                     UINT32_MAX,
                                     INT32_MAX,
                                     65536,
                                     65535,
                                     1000,
                                     SIZE_MAX / 3,
                                     256,
                                     255,
                                     129,
                                     64,
                                     SIZE_MAX / 2 + 1};

    return script_rarely(script, 12)
               ? hostile[script_pick(script, sizeof hostile / sizeof hostile[0])]
               : script_pick(script, most + 1);
}

double script_number(script_t *script, double usual)
{
    static const double hostile[] = {(double)NAN,
                                     (double)INFINITY,
                                     -(double)INFINITY,
                                     DBL_MAX,
                                     -DBL_MAX,
                                     DBL_MIN,
                                     DBL_MIN / 4,
                                     (double)FLT_MAX,
                                     2.0 * (double)FLT_MAX,
                                     (double)FLT_MIN,
                                     1e-45,
                                     -0.0,
                                     0.0,
                                     1.0,
                                     -1.0,
                                     0.5,
                                     2.0,
                                     -1e-3,
                                     1e10,
                                     1e300,
                                     0.999999999999,
                                     1.0000000001,
                                     3.0,
                                     0.1};

    return script_rarely(script, 4)
               ? hostile[script_pick(script, sizeof hostile / sizeof hostile[0])]
               : usual;
}

int script_choice(script_t *script, int first, int last)
{
    static const int hostile[] = {-1, 0, INT32_MAX, INT32_MIN, 1000, 77, -2};

    if (script_rarely(script, 24))
        return script_flag(script)
                   ? last + 1
                   : hostile[script_pick(script, sizeof hostile / sizeof hostile[0])];
    return first + (int)script_pick(script, (size_t)(last - first) + 1);
}

const char *script_text(script_t *script)
{
    static const char lengthy[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "8901234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
        "67890123456789012345678901234567890123456789012345678901234567890123456789012345678901234";
    static const char *const texts[] = {"loss",
                                        "accuracy",
                                        "val_loss",
                                        "dense",
                                        "dense_1",
                                        "dense/kernel",
                                        "dense/bias",
                                        "mae",
                                        "acc",
                                        "class_names",
                                        "schema",
                                        "a",
                                        "b",
                                        "word",
                                        "when",
                                        "y",
                                        "",
                                        "relu",
                                        "\xff\xfe",
                                        "tab\tnewline\n",
                                        lengthy,
                                        "\xc3\xa4/\xe2\x82\xac",
                                        "%s%n%zu",
                                        "nan",
                                        "softmax",
                                        "[\"a\",\"b\"]",
                                        "{\"a\":[1]}",
                                        "0",
                                        NULL,
                                        "inf",
                                        "2026-02-29",
                                        "1e999",
                                        "-0.5",
                                        "..",
                                        "kernel",
                                        "dense 1"};

    return texts[script_pick(script, sizeof texts / sizeof texts[0])];
}

void script_floats(script_t *script, float *values, size_t count)
{
    uint32_t state = script_byte(script) * 2654435761u + 1u;
    bool hostile = script_rarely(script, 6);

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)state * 0x1p-30f;
        if (state >> 30 == 0) /* as data have them, zeros */
            values[i] = 0.0f;
    }
    if (hostile && count > 0) {
        double value = script_number(script, 1e30);

        if (fabs(value) <= (double)FLT_MAX || !isfinite(value))
            values[script_byte(script) % count] = (float)value;
    }
}
