/* Words to descriptors: "adam learning_rate=0x1p-3 amsgrad=0x1p+0".
 *
 * SPDX-License-Identifier: MIT */
#include "support/training.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/schedule.h"

/* A member of a descriptor by its name in Keras's configurations. */
typedef struct member {
    const char *name;
    double *number;
    uint64_t *count;
    bool *flag;
} member_t;

static void set_member(const member_t *members, const char *key, double value)
{
    for (; members->name != NULL; members++) {
        if (strcmp(members->name, key) != 0)
            continue;
        if (members->number != NULL)
            *members->number = value;
        else if (members->count != NULL)
            *members->count = (uint64_t)value;
        else
            *members->flag = value != 0.0;
        return;
    }
    fail_msg("no setting \"%s\"", key);
}

/* boundaries=..., values=... */
static bool set_list(dlcore_schedule_t *s, const char *key, const char *text)
{
    bool boundaries = strcmp(key, "boundaries") == 0;
    size_t count = 0;
    char *end = NULL;

    if (!boundaries && strcmp(key, "values") != 0)
        return false;
    for (; *text != '\0'; text = *end == ',' ? end + 1 : end, count++) {
        double value = strtod(text, &end);
        if (boundaries)
            s->boundaries[count] = (uint64_t)value;
        else
            s->values[count] = value;
    }
    if (boundaries)
        s->boundary_count = count;
    return true;
}

static void set_schedule(dlcore_schedule_t *s, const char *key, const char *text)
{
    const member_t members[] = {
        {.name = "initial_learning_rate", .number = &s->initial_learning_rate},
        {.name = "decay_steps", .count = &s->decay_steps},
        {.name = "first_decay_steps", .count = &s->decay_steps},
        {.name = "decay_rate", .number = &s->decay_rate},
        {.name = "staircase", .flag = &s->staircase},
        {.name = "end_learning_rate", .number = &s->end_learning_rate},
        {.name = "power", .number = &s->power},
        {.name = "cycle", .flag = &s->cycle},
        {.name = "alpha", .number = &s->alpha},
        {.name = "warmup_target", .number = &s->warmup_target},
        {.name = "warmup_steps", .count = &s->warmup_steps},
        {.name = "t_mul", .number = &s->t_mul},
        {.name = "m_mul", .number = &s->m_mul},
        {.name = NULL},
    };

    if (set_list(s, key, text))
        return;
    set_member(members, key, strtod(text, NULL));
    if (strcmp(key, "warmup_target") == 0)
        s->has_warmup = true;
}

static void set_optimizer(dlcore_optimizer_t *o, const char *key, const char *text)
{
    const member_t members[] = {
        {.name = "learning_rate", .number = &o->learning_rate},
        {.name = "momentum", .number = &o->momentum},
        {.name = "nesterov", .flag = &o->nesterov},
        {.name = "rho", .number = &o->rho},
        {.name = "epsilon", .number = &o->epsilon},
        {.name = "centered", .flag = &o->centered},
        {.name = "beta_1", .number = &o->beta_1},
        {.name = "beta_2", .number = &o->beta_2},
        {.name = "amsgrad", .flag = &o->amsgrad},
        {.name = "initial_accumulator_value", .number = &o->initial_accumulator_value},
        {.name = "beta_2_decay", .number = &o->beta_2_decay},
        {.name = "epsilon_1", .number = &o->epsilon_1},
        {.name = "epsilon_2", .number = &o->epsilon_2},
        {.name = "clip_threshold", .number = &o->clip_threshold},
        {.name = "learning_rate_power", .number = &o->learning_rate_power},
        {.name = "l1_regularization_strength", .number = &o->l1_regularization_strength},
        {.name = "l2_regularization_strength", .number = &o->l2_regularization_strength},
        {.name = "l2_shrinkage_regularization_strength",
         .number = &o->l2_shrinkage_regularization_strength},
        {.name = "beta", .number = &o->beta},
        {.name = "clipnorm", .number = &o->clipnorm},
        {.name = "global_clipnorm", .number = &o->global_clipnorm},
        {.name = "clipvalue", .number = &o->clipvalue},
        {.name = "weight_decay", .number = &o->weight_decay},
        {.name = "weight_decay_excludes_bias", .flag = &o->weight_decay_excludes_bias},
        {.name = "use_ema", .flag = &o->use_ema},
        {.name = "ema_momentum", .number = &o->ema_momentum},
        {.name = "ema_overwrite_frequency", .count = &o->ema_overwrite_frequency},
        {.name = "gradient_accumulation_steps", .count = &o->gradient_accumulation_steps},
        {.name = NULL},
    };

    if (strcmp(key, "schedule") == 0)
        o->schedule = dlcore_schedule_from_name(text);
    else if (strncmp(key, "schedule.", 9) == 0)
        set_schedule(&o->schedule, key + 9, text);
    else
        set_member(members, key, strtod(text, NULL));
}

/* Sets every KEY=VALUE of a line. */
static void set_words(dlcore_optimizer_t *optimizer, const char *line)
{
    char word[256], *value;
    int length = 0;

    for (; sscanf(line, "%255s%n", word, &length) == 1; line += length) {
        value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        set_optimizer(optimizer, word, value);
    }
}

dlcore_optimizer_t training_optimizer(const fixture_t *fixture, const char *scope)
{
    const char *line = fixture_text(fixture, scope, "optimizer");
    dlcore_optimizer_t optimizer;
    char name[32] = "";
    int length = 0;

    assert_non_null(line);
    assert_int_equal(sscanf(line, "%31s%n", name, &length), 1);
    optimizer = dlcore_optimizer_from_name(name);
    assert_int_not_equal(optimizer.kind, DLCORE_OPTIMIZER_UNKNOWN);
    set_words(&optimizer, line + length);
    return optimizer;
}

dlcore_schedule_t training_schedule(const fixture_t *fixture, const char *scope)
{
    dlcore_optimizer_t optimizer = dlcore_optimizer_sgd();

    set_words(&optimizer, fixture_text(fixture, scope, "schedule"));
    return optimizer.schedule;
}

static dlcore_constraint_t constraint_of(const char *name, const double numbers[3])
{
    dlcore_constraint_t constraint = {.kind = DLCORE_CONSTRAINT_NONE};

    if (strcmp(name, "none") == 0)
        return constraint;
    constraint = dlcore_constraint_from_name(name);
    constraint.min_value = numbers[0];
    constraint.max_value = numbers[1];
    constraint.rate = numbers[2];
    return constraint;
}

void training_layer(const fixture_t *fixture, const char *scope, size_t index,
                    dlcore_layer_t *layer)
{
    char key[32], kernel[32], bias[32];
    double l[4], k[3], b[3], a[2];
    const char *line;

    snprintf(key, sizeof key, "training%zu", index);
    line = fixture_text(fixture, scope, key);
    assert_non_null(line);
    assert_int_equal(sscanf(line, "%la %la %la %la %31s %la %la %la %31s %la %la %la %la %la",
                            &l[0], &l[1], &l[2], &l[3], kernel, &k[0], &k[1], &k[2], bias, &b[0],
                            &b[1], &b[2], &a[0], &a[1]),
                     14);
    layer->kernel_regularizer = dlcore_regularizer_l1_l2(l[0], l[1]);
    layer->bias_regularizer = dlcore_regularizer_l1_l2(l[2], l[3]);
    layer->activity_regularizer = dlcore_regularizer_l1_l2(a[0], a[1]);
    layer->kernel_constraint = constraint_of(kernel, k);
    layer->bias_constraint = constraint_of(bias, b);
}
