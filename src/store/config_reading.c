/* Members of the JSON objects that describe a model.
 *
 * SPDX-License-Identifier: MIT */
#include "store/config_reading.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/shown.h"
#include "base/size.h"
#include "dlcore/layer.h"

/* ---- messages ---- */

dlcore_config_reading_t dlcore_config_within(const dlcore_config_reading_t *reading,
                                             const char *name)
{
    dlcore_config_reading_t within = *reading;
    size_t used = strlen(within.where);

    snprintf(within.where + used, sizeof within.where - used, "%s%.40s", used > 0 ? ": " : "",
             name);
    return within;
}

/* "model_config: layer 3: Dense: ", or what of it is known. */
static const char *config_place(const dlcore_config_reading_t *reading, char *text, size_t room)
{
    char number[24] = "";

    if (reading->number != DLCORE_CONFIG_UNNUMBERED)
        snprintf(number, sizeof number, " %zu", reading->number);
    snprintf(text, room, "%s%s: %s%s", reading->part, number, reading->where,
             reading->where[0] != '\0' ? ": " : "");
    return text;
}

DLCORE_KEPT_APART dlcore_status dlcore_config_refuse(const dlcore_config_reading_t *reading,
                                                     dlcore_status status, const char *member,
                                                     const char *what)
{
    char place[160];

    return dlcore_fail(reading->error, status, "%s: %s%s %s", reading->file,
                       config_place(reading, place, sizeof place), member, what);
}

DLCORE_KEPT_APART dlcore_status dlcore_config_refuse_value(const dlcore_config_reading_t *reading,
                                                           const char *member,
                                                           const dlcore_json_t *value,
                                                           const char *why)
{
    char place[160], shown[DLCORE_SHOWN_SIZE], name[DLCORE_SHOWN_SIZE];

    if (value->kind == DLCORE_JSON_NONE)
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, member, "is not there");
    return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED, "%s: %s%s is %s: %s",
                       reading->file, config_place(reading, place, sizeof place),
                       dlcore_show(name, member, strlen(member)),
                       dlcore_show(shown, value->begin, (size_t)(value->end - value->begin)), why);
}

DLCORE_KEPT_APART dlcore_status dlcore_config_refuse_class(const dlcore_config_reading_t *reading,
                                                           const char *what,
                                                           const dlcore_json_t *thing,
                                                           const char *name)
{
    char place[160], shown[DLCORE_SHOWN_SIZE];

    if (name[0] == '\0')
        return dlcore_config_refuse_value(reading, what, thing, "it has no name");
    return dlcore_fail(reading->error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: %sthis version has no %s \"%s\"", reading->file,
                       config_place(reading, place, sizeof place), what,
                       dlcore_show(shown, name, strlen(name)));
}

/* ---- members ---- */

dlcore_status dlcore_config_find(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name,
                                 dlcore_json_t *value)
{
    if (!dlcore_json_member(object, name, value))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name, "is there twice");
    return DLCORE_OK;
}

dlcore_status dlcore_config_name(const dlcore_config_reading_t *reading,
                                 const dlcore_json_t *object, const char *name, char *text,
                                 size_t room)
{
    dlcore_json_t found;
    dlcore_status status = dlcore_config_find(reading, object, name, &found);

    text[0] = '\0';
    if (status != DLCORE_OK || found.kind == DLCORE_JSON_NONE)
        return status;
    if (found.kind != DLCORE_JSON_STRING)
        return dlcore_config_refuse_value(reading, name, &found, "it is not a name");
    if (dlcore_json_string(&found, text, room) != strlen(text))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, name,
                                    "is too long, or has a zero byte");
    return DLCORE_OK;
}

/* Classes of Keras have such a name, too, where their module is not a public one: functional
 * models, optimizers of its backend on PyTorch. */
static bool is_of_keras(const dlcore_json_t *thing, const dlcore_json_t *registered)
{
    char module[DLCORE_NAME_SIZE], name[DLCORE_NAME_SIZE];
    dlcore_json_t found, class_name;

    (void)dlcore_json_member(thing, "module", &found);
    (void)dlcore_json_member(thing, "class_name", &class_name);
    (void)dlcore_json_string(&found, module, sizeof module);
    (void)dlcore_json_string(&class_name, name, sizeof name);
    return (dlcore_name_begins(module, "keras.src.") ||
            dlcore_name_begins(module, "tf_keras.src.")) &&
           dlcore_json_is(registered, name);
}

/* Keras puts a name there where the class is not its own. */
static dlcore_status check_registered(const dlcore_config_reading_t *reading,
                                      const dlcore_json_t *thing)
{
    dlcore_json_t registered;
    dlcore_status status = dlcore_config_find(reading, thing, "registered_name", &registered);

    if (status != DLCORE_OK || registered.kind == DLCORE_JSON_NONE ||
        registered.kind == DLCORE_JSON_NULL || dlcore_json_is(&registered, "function") ||
        is_of_keras(thing, &registered))
        return status;
    return dlcore_config_refuse_value(reading, "registered_name", &registered,
                                      "a class of the program that wrote it, not Keras's");
}

dlcore_status dlcore_config_thing(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *thing, char *name, size_t room,
                                  dlcore_json_t *config)
{
    dlcore_json_t named = *thing;
    dlcore_status status;

    *config = (dlcore_json_t){.kind = DLCORE_JSON_NONE};
    if (thing->kind == DLCORE_JSON_OBJECT) {
        status = check_registered(reading, thing);
        if (status == DLCORE_OK)
            status = dlcore_config_find(reading, thing, "class_name", &named);
        if (status == DLCORE_OK)
            status = dlcore_config_find(reading, thing, "config", config);
        if (status != DLCORE_OK)
            return status;
        if (config->kind == DLCORE_JSON_STRING && dlcore_json_is(&named, "function")) {
            named = *config;
            *config = (dlcore_json_t){.kind = DLCORE_JSON_NONE};
        }
        if (config->kind != DLCORE_JSON_OBJECT && config->kind != DLCORE_JSON_NONE)
            return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "config", "is not an object");
    }
    name[0] = '\0';
    if (named.kind == DLCORE_JSON_NONE)
        return DLCORE_OK;
    if (named.kind != DLCORE_JSON_STRING)
        return dlcore_config_refuse_value(reading, "class_name", &named, "it is not a name");
    if (dlcore_json_string(&named, name, room) != strlen(name))
        return dlcore_config_refuse(reading, DLCORE_ERROR_FORMAT, "its name",
                                    "is too long, or has a zero byte");
    return DLCORE_OK;
}

/* ---- numbers ---- */

static bool is_packed(const dlcore_json_t *value, dlcore_json_t *number)
{
    dlcore_json_t class_name, config;

    return dlcore_json_member(value, "class_name", &class_name) &&
           (dlcore_json_is(&class_name, "__numpy__") ||
            dlcore_json_is(&class_name, "__tensor__")) &&
           dlcore_json_member(value, "config", &config) &&
           dlcore_json_member(&config, "value", number);
}

dlcore_json_t dlcore_config_unpacked(const dlcore_json_t *value)
{
    dlcore_json_t found = *value, first, second;

    for (int depth = 0; depth < 4; depth++) {
        dlcore_json_steps_t steps = dlcore_json_steps(&found);
        bool packed = found.kind == DLCORE_JSON_OBJECT && is_packed(&found, &first);

        if (!packed &&
            (found.kind != DLCORE_JSON_ARRAY || !dlcore_json_step(&steps, NULL, &first) ||
             dlcore_json_step(&steps, NULL, &second)))
            break;
        found = first;
    }
    return found;
}

bool dlcore_config_is_count(const dlcore_json_t *value, uint64_t *count)
{
    double number;

    if (dlcore_json_uint64(value, count))
        return true;
    if (!dlcore_json_double(value, &number) || !(number >= 0.0 && number <= 0x1p53) ||
        number != (double)(uint64_t)number)
        return false;
    *count = (uint64_t)number;
    return true;
}

/* ---- values that change nothing ---- */

static bool matches(const dlcore_json_t *value, const dlcore_json_t *wanted);

static bool elements_match(const dlcore_json_t *value, const dlcore_json_t *wanted)
{
    dlcore_json_steps_t ours = dlcore_json_steps(value), theirs = dlcore_json_steps(wanted);
    dlcore_json_t a, b;

    for (;;) {
        bool more = dlcore_json_step(&ours, NULL, &a);

        if (dlcore_json_step(&theirs, NULL, &b) != more)
            return false;
        if (!more)
            return true;
        if (!matches(&a, &b))
            return false;
    }
}

static bool members_match(const dlcore_json_t *value, const dlcore_json_t *wanted)
{
    dlcore_json_steps_t theirs = dlcore_json_steps(wanted);
    dlcore_json_t name, a, b;
    char text[DLCORE_NAME_SIZE];

    while (dlcore_json_step(&theirs, &name, &b)) {
        (void)dlcore_json_string(&name, text, sizeof text);
        if (!dlcore_json_member(value, text, &a) || !matches(&a, &b))
            return false;
    }
    return true;
}

static bool matches(const dlcore_json_t *value, const dlcore_json_t *wanted)
{
    double a, b;

    if (value->kind != wanted->kind)
        return false;
    switch (value->kind) {
    case DLCORE_JSON_NUMBER:
        return dlcore_json_double(value, &a) && dlcore_json_double(wanted, &b) && a == b;
    case DLCORE_JSON_STRING:
        return dlcore_json_compare(value, wanted) == 0;
    case DLCORE_JSON_ARRAY:
        return elements_match(value, wanted);
    case DLCORE_JSON_OBJECT:
        return members_match(value, wanted);
    case DLCORE_JSON_NONE:
    case DLCORE_JSON_NULL:
    case DLCORE_JSON_FALSE:
    case DLCORE_JSON_TRUE:
        break;
    }
    return true;
}

bool dlcore_config_is_one_of(const dlcore_json_t *value, const char *neutral)
{
    dlcore_json_t list = dlcore_json_at(neutral, neutral + strlen(neutral)), wanted;
    dlcore_json_steps_t steps = dlcore_json_steps(&list);

    while (dlcore_json_step(&steps, NULL, &wanted)) {
        if (matches(value, &wanted))
            return true;
    }
    return false;
}
