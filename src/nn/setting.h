/* Settings: what the descriptor of a layer, a loss, a metric, an optimizer and their like holds,
 * told once.
 *
 * The file of each kind ends in two tables. Its settings, one row each: Keras's key, the place in
 * the descriptor, the type, the range, the default. Constructors, validation, writing a config and
 * reading one all go over these rows, and so does the comparison of a backup with a program, which
 * compares what would be written. And its keys: what else Keras writes for the class, with the
 * values that change nothing. Reading a config refuses every key that is in neither table, and
 * every other value. Only reading needs the keys, so a program that reads no config does not link
 * them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_SETTING_H
#define DLCORE_NN_SETTING_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

typedef enum dlcore_setting_type {
    DLCORE_SETTING_END = 0, /* closes a table */
    DLCORE_SETTING_DOUBLE,
    DLCORE_SETTING_BOOL,
    DLCORE_SETTING_SIZE,  /* size_t */
    DLCORE_SETTING_COUNT, /* uint64_t */
    DLCORE_SETTING_INT,
    DLCORE_SETTING_UNITS_AXIS,  /* bool: true is an axis of -1 or 1, false null */
    DLCORE_SETTING_CHOICE,      /* an enum whose values have names */
    DLCORE_SETTING_INITIALIZER, /* dlcore_initializer_t; the default is its kind */
    DLCORE_SETTING_REGULARIZER, /* dlcore_regularizer_t */
    DLCORE_SETTING_CONSTRAINT,  /* dlcore_constraint_t */
    DLCORE_SETTING_ACTIVATION,  /* of a layer, with its parameters */
    DLCORE_SETTING_RATE,        /* of an optimizer: learning_rate or schedule */
    DLCORE_SETTING_PIECES,      /* of a schedule: boundaries and values */
    DLCORE_SETTING_TABLES,      /* dlcore_embeddings_t */
    DLCORE_SETTING_LIST,        /* dlcore_metric_list_t */
    DLCORE_SETTING_TEXT         /* nothing in the descriptor: written as `text`, which is JSON */
} dlcore_setting_type_t;

/* Names of the values of an enum, 0 and up; a negative number is an unknown name. */
typedef struct dlcore_setting_names {
    int (*from_name)(const char *name);
    const char *(*name_of)(int value);
} dlcore_setting_names_t;

/* Packed, because there are hundreds of rows. */
typedef struct dlcore_setting {
    const char *key;   /* Keras's */
    const char *field; /* the descriptor's, for messages; NULL: the key */
    dlcore_setting_type_t type;
    uint16_t place;        /* offset in the descriptor */
    uint16_t switch_place; /* not 0: null is a bool at that place that is false instead */
    double low, high;    /* numbers lie in low .. high; both 0: any number. A choice: low .. high */
    double value;        /* the default */
    double none;         /* with has_none */
    bool own : 1;        /* of this kind alone: descriptors of other kinds have another */
    bool above : 1;      /* low itself, as float, too, is too small */
    bool below : 1;      /* and high too large */
    bool has_none : 1;   /* `none` in the descriptor is null in a config, Keras's None */
    bool quiet : 1;      /* written only where it is not the default */
    bool inner : 1;      /* in a config it stands within another setting */
    bool replaces : 1;   /* the row of the same key that the whole family has */
    bool only_read : 1;  /* another spelling: read, never written */
    bool with_point : 1; /* a double that Keras takes only with a decimal point: 1.0 */
    const dlcore_setting_names_t *names; /* of a choice */
    const char *text;
} dlcore_setting_t;

/* A key without a place in the descriptor. */
typedef struct dlcore_setting_key {
    const char *key;     /* NULL closes a table */
    const char *neutral; /* a JSON array of the values that change nothing; NULL: any value */
} dlcore_setting_key_t;

/* float32, as Keras 3 and 2 say it. */
#define DLCORE_KEY_DTYPE                                                            \
    "[null, \"float32\", "                                                          \
    "{\"class_name\": \"DTypePolicy\", \"config\": {\"name\": \"float32\"}}, "      \
    "{\"class_name\": \"FloatDTypePolicy\", \"config\": {\"name\": \"float32\"}}, " \
    "{\"class_name\": \"Policy\", \"config\": {\"name\": \"float32\"}}]"

/* A table without rows. */
extern const dlcore_setting_t dlcore_no_settings[];
extern const dlcore_setting_key_t dlcore_no_keys[];

/* The row of a key; NULL: none. Rows that stand within another setting are not found. */
const dlcore_setting_t *dlcore_setting_find(const dlcore_setting_t *settings, const char *key);
/* Whether the field at that offset of the descriptor is one of the settings. */
bool dlcore_setting_has(const dlcore_setting_t *settings, size_t place);
/* Whether the descriptor holds the row's default; and what stands for null. */
bool dlcore_setting_is_default(const dlcore_setting_t *setting, const void *descriptor);
bool dlcore_setting_is_none(const dlcore_setting_t *setting, const void *descriptor);
/* Puts it there; false: the row has none. */
bool dlcore_setting_set_none(const dlcore_setting_t *setting, void *descriptor);

/* Sets every setting of the table to its default; what is in no row stays. */
void dlcore_settings_default(const dlcore_setting_t *settings, void *descriptor);
/* Likewise in the descriptor of another kind, which holds these settings without using them. */
void dlcore_settings_default_unused(const dlcore_setting_t *settings, void *descriptor);
/* DLCORE_ERROR_ARGUMENT with the setting's name, its range and its value; `what` begins the
 * message. */
dlcore_status dlcore_settings_validate(const dlcore_setting_t *settings, const void *descriptor,
                                       const char *what, dlcore_error_record_t *error);
/* The numbers and choices alone: for the parts of descriptors, which are validated by themselves.
 */
dlcore_status dlcore_settings_validate_numbers(const dlcore_setting_t *settings,
                                               const void *descriptor, const char *what,
                                               dlcore_error_record_t *error);
dlcore_status dlcore_setting_validate_number(const dlcore_setting_t *setting,
                                             const void *descriptor, const char *what,
                                             dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
