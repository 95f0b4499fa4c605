/* What a config names, also where it cannot be read: for people who look into a file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_CONFIG_NAMED_H
#define DLCORE_STORE_CONFIG_NAMED_H

#include "system/compiler.h"

#include <stdbool.h>

#include "dlcore/layer.h"
#include "json/json.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_NAMED_METRICS_SIZE 512

/* The member of that name; kind DLCORE_JSON_NONE where there is none, or two. */
dlcore_json_t dlcore_named_member(const dlcore_json_t *object, const char *name);

/* "Adam" of an object with that class_name, of a string itself; "" for anything else. Of a function
 * of Keras's, which is an object of class "function", its name. */
void dlcore_named_thing(const dlcore_json_t *thing, char name[DLCORE_NAME_SIZE]);

/* Whether this version has a layer of that class, or an InputLayer, which is none here. */
bool dlcore_named_layer_is_known(const char *class_name);

/* The settings of compile. Where the file has none of a kind, "". */
typedef struct dlcore_named_compile {
    char optimizer[DLCORE_NAME_SIZE], loss[DLCORE_NAME_SIZE];
    char metrics[DLCORE_NAMED_METRICS_SIZE]; /* "accuracy, weighted AUC": as many as there is room
                                                for */
} dlcore_named_compile_t;

/* Of Keras 3, and of Keras 2, which calls the optimizer's config otherwise. */
void dlcore_named_compile_read(const dlcore_json_t *config, dlcore_named_compile_t *named);

DLCORE_HIDDEN_END

#endif
