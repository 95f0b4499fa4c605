/* Names of weights in PyTorch, Keras 2 and 3, and JAX's Flax.
 *
 * SPDX-License-Identifier: MIT */
#include "store/weight_names.h"

#include <string.h>

#include "base/size.h"

static const struct {
    const char *leaf;
    const char *weights[6]; /* of dlcore */
} leaves[] = {
    {"weight", {"kernel", "gamma", "alpha", "embeddings", "scale"}},
    {"bias", {"bias", "beta"}},
    {"kernel", {"kernel"}},
    {"gamma", {"gamma"}},
    {"scale", {"gamma", "scale"}},
    {"beta", {"beta"}},
    {"running_mean", {"moving_mean"}},
    {"moving_mean", {"moving_mean"}},
    {"running_var", {"moving_variance"}},
    {"moving_variance", {"moving_variance"}},
    {"alpha", {"alpha"}},
    {"mean", {"mean"}},
    {"variance", {"variance"}},
    {"embedding", {"embeddings"}},
    {"embeddings", {"embeddings"}},
};

enum { LEAF_COUNT = sizeof leaves / sizeof leaves[0] };

static bool part_is(dlcore_name_part_t part, const char *text)
{
    return part.size == strlen(text) && memcmp(part.text, text, part.size) == 0;
}

static bool is_separator(char c)
{
    return c == '/' || c == '.';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

dlcore_name_part_t dlcore_weight_group(const char *name)
{
    size_t size = strlen(name);

    while (size > 0 && !is_separator(name[size - 1]))
        size--;
    return (dlcore_name_part_t){name, size > 0 ? size - 1 : 0};
}

dlcore_name_part_t dlcore_weight_leaf(const char *name)
{
    size_t size = strlen(name), begin = size;

    while (begin > 0 && !is_separator(name[begin - 1]))
        begin--;
    if (size - begin > 2 && strcmp(name + size - 2, ":0") == 0)
        size -= 2;
    return (dlcore_name_part_t){name + begin, size - begin};
}

bool dlcore_weight_name_is_dlcores(const char *name)
{
    static const char *const beginnings[] = {"optimizer/", "run/", "callback/", "dlcore/"};

    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    }
    return false;
}

/* ---- order ---- */

static size_t digits_at(dlcore_name_part_t part, size_t at)
{
    size_t end = at;

    while (end < part.size && is_digit(part.text[end]))
        end++;
    return end - at;
}

/* Two runs of digits as numbers of any length. */
static int compare_digits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    for (; a_size > 1 && *a == '0'; a_size--)
        a++;
    for (; b_size > 1 && *b == '0'; b_size--)
        b++;
    if (a_size != b_size)
        return a_size < b_size ? -1 : 1;
    return memcmp(a, b, a_size);
}

int dlcore_weight_order(dlcore_name_part_t a, dlcore_name_part_t b)
{
    size_t i = 0, j = 0;

    while (i < a.size && j < b.size) {
        size_t run = digits_at(a, i), other = digits_at(b, j);
        int order = run > 0 && other > 0 ? compare_digits(a.text + i, run, b.text + j, other)
                                         : (unsigned char)a.text[i] - (unsigned char)b.text[j];

        if (order != 0)
            return order;
        i += dlcore_size_max(run, 1);
        j += dlcore_size_max(other, 1);
    }
    return (i < a.size) - (j < b.size);
}

/* The next character of a stem, '\0' at its end: '#' for a number, nothing for the "_1" with which
 * Keras numbers its second layer of a kind, while the first has none. */
static char next_of_stem(dlcore_name_part_t part, size_t *at)
{
    size_t run = *at < part.size && part.text[*at] == '_' ? digits_at(part, *at + 1) : 0;
    size_t end = *at + 1 + run;

    if (run > 0 && (end == part.size || is_separator(part.text[end])))
        *at = end;
    if (*at >= part.size)
        return '\0';
    run = digits_at(part, *at);
    *at += dlcore_size_max(run, 1);
    return run > 0 ? '#' : part.text[*at - 1];
}

bool dlcore_weight_same_stem(dlcore_name_part_t a, dlcore_name_part_t b)
{
    size_t i = 0, j = 0;
    char next;

    do {
        next = next_of_stem(a, &i);
        if (next != next_of_stem(b, &j))
            return false;
    } while (next != '\0');
    return true;
}

/* ---- leaves ---- */

bool dlcore_weight_leaf_is(dlcore_name_part_t leaf, const char *weight)
{
    for (size_t i = 0; i < LEAF_COUNT; i++) {
        if (!part_is(leaf, leaves[i].leaf))
            continue;
        for (const char *const *of = leaves[i].weights; *of != NULL; of++) {
            if (strcmp(*of, weight) == 0)
                return true;
        }
        return false;
    }
    return part_is(leaf, weight);
}

bool dlcore_weight_leaf_known(dlcore_name_part_t leaf)
{
    for (size_t i = 0; i < LEAF_COUNT; i++) {
        if (part_is(leaf, leaves[i].leaf))
            return true;
    }
    return false;
}

bool dlcore_weight_leaf_counts(dlcore_name_part_t leaf)
{
    return part_is(leaf, "num_batches_tracked") || part_is(leaf, "count");
}

bool dlcore_weight_leaf_outputs_first(dlcore_name_part_t leaf)
{
    return part_is(leaf, "weight");
}

bool dlcore_weight_leaf_inputs_first(dlcore_name_part_t leaf)
{
    return part_is(leaf, "kernel");
}

const char *dlcore_weight_pytorch_leaf(const char *weight)
{
    static const char *const names[][2] = {
        {"kernel", "weight"},
        {"gamma", "weight"},
        {"beta", "bias"},
        {"alpha", "weight"},
        {"scale", "weight"},
        {"moving_mean", "running_mean"},
        {"moving_variance", "running_var"},
        {"embeddings", "weight"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i][0], weight) == 0)
            return names[i][1];
    }
    return weight;
}
