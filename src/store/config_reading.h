/* Members of the JSON objects that describe a model, read with errors that say where.
 *
 * A member that is absent leaves its value as it is.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_CONFIG_READING_H
#define DLCORE_STORE_CONFIG_READING_H

#include "system/compiler.h"

#include <stdint.h>

#include "dlcore/layer.h"
#include "dlcore/metric.h"
#include "dlcore/status.h"
#include "nn/setting.h"
#include "json/json.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CONFIG_UNNUMBERED SIZE_MAX

/* Numbers of lists that a descriptor borrows: in one block of the caller's, to be released. */
typedef struct dlcore_config_numbers {
    const dlcore_allocator_t *allocator;
    float *block; /* DLCORE_CONFIG_NUMBERS_MAX, when the first is there */
    size_t used;
} dlcore_config_numbers_t;

/* Of all lists together: two of each metric. */
#define DLCORE_CONFIG_NUMBERS_MAX (2 * DLCORE_METRICS_MAX * DLCORE_METRIC_THRESHOLDS_MAX)

/* What reading carries along: "layer 3" is what is being read, "Dense: kernel_regularizer: L2" the
 * class within it. */
typedef struct dlcore_config_reading {
    const char *file;
    const char *part;
    size_t number;  /* DLCORE_CONFIG_UNNUMBERED: the only one */
    char where[96]; /* "": not known yet */
    /* where the tables of a layer are put, DLCORE_EMBEDDINGS_MAX of them */
    dlcore_embedding_t *tables;
    /* where the numbers of metrics' lists are put; NULL where no metric is read */
    dlcore_config_numbers_t *numbers;
    /* set where the activation of a layer is Keras's glu; NULL: it is refused */
    bool *is_glu;
    dlcore_error_record_t *error;
} dlcore_config_reading_t;

/* The same, one step further in: of a class, or of a member. */
dlcore_config_reading_t dlcore_config_within(const dlcore_config_reading_t *reading,
                                             const char *name);

/* Fails with "FILE: PART NUMBER: WHERE: MEMBER WHAT". */
dlcore_status dlcore_config_refuse(const dlcore_config_reading_t *reading, dlcore_status status,
                                   const char *member, const char *what);
/* Fails with DLCORE_ERROR_UNSUPPORTED and "FILE: PART NUMBER: WHERE: MEMBER is VALUE: WHY". */
dlcore_status dlcore_config_refuse_value(const dlcore_config_reading_t *reading, const char *member,
                                         const dlcore_json_t *value, const char *why);

/* Fails likewise with "FILE: PART NUMBER: WHERE: this version has no WHAT "NAME"", for what
 * dlcore_config_thing found. */
dlcore_status dlcore_config_refuse_class(const dlcore_config_reading_t *reading, const char *what,
                                         const dlcore_json_t *thing, const char *name);

/* value->kind is DLCORE_JSON_NONE when it is absent. */
dlcore_status dlcore_config_find(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name,
                                 dlcore_json_t *value);
/* A name of fewer than `room` bytes; "" when it is absent. */
dlcore_status dlcore_config_name(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name, char *text,
                                 size_t room);
/* An object of Keras's: "glorot_uniform", its class or function by name, or a JSON object with
 * class_name and config, or with class_name "function" and the function's name. `name` is "" when
 * there is none; *config has kind DLCORE_JSON_NONE when there is only a name. An object of a class
 * that its own program registered is DLCORE_ERROR_UNSUPPORTED. */
dlcore_status dlcore_config_thing(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *thing, char *name, size_t room,
                                  dlcore_json_t *config);

/* The number itself where NumPy has packed it, {"class_name":"__numpy__","config":{"value":...}},
 * and where it is alone in a list. */
dlcore_json_t dlcore_config_unpacked(const dlcore_json_t *value);
/* A count, which Python may have written as 1000.0. */
bool dlcore_config_is_count(const dlcore_json_t *value, uint64_t *count);

/* ---- all members of a config ---- */

/* What the config of a class may have: settings, those of its family and its own, which go first,
 * and keys that are read only to be sure that they change nothing. */
typedef struct dlcore_config_class {
    const char *name; /* "Dense": for messages */
    const dlcore_setting_t *common, *settings;
    const dlcore_setting_key_t *common_keys, *keys;
} dlcore_config_class_t;

/* Reads every member of `config` (kind DLCORE_JSON_NONE: none) to the descriptor. A key that is in
 * no table, and a value that a table does not allow, is DLCORE_ERROR_UNSUPPORTED, and named. */
dlcore_status dlcore_settings_read(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *config, const dlcore_config_class_t *kind,
                                   void *descriptor);

/* Whether a value is one of those in `neutral`, a JSON array. Numbers are compared by value; an
 * object matches when it has every member of the other. */
bool dlcore_config_is_one_of(const dlcore_json_t *value, const char *neutral);

DLCORE_HIDDEN_END

#endif
