/* What a plugin of the test offers its host.
 *
 * SPDX-License-Identifier: MIT */
#ifndef PLUGIN_H
#define PLUGIN_H

typedef struct plugin_answer {
    const char *version; /* of the copy of dlcore within */
    void (*copy)(void);  /* a function of that copy: where it lies */
    float weight;        /* what was learnt */
} plugin_answer_t;

/* Trains y = factor x; weight is NaN when that fails. */
typedef plugin_answer_t plugin_train_t(float factor);

#endif
