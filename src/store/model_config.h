/* Layers and compile settings as Keras writes them in JSON:
 *
 *     {"module":"keras","class_name":"Sequential","config":{"name":"sequential","layers":[
 *         {"module":"keras.layers","class_name":"Dense","config":{"name":"dense","units":512,...},
 *          "registered_name":null},...],"build_input_shape":[null,784]},"registered_name":null}
 *
 *     {"optimizer":{"class_name":"RMSprop","config":{...}},"loss":{...},"metrics":[...]}
 *
 * What is read may leave out members that have defaults. A key or a value that this version does
 * not know is DLCORE_ERROR_UNSUPPORTED, and named with its class.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_CONFIG_H
#define DLCORE_STORE_MODEL_CONFIG_H

#include "system/compiler.h"

#include "dlcore/model.h"
#include "store/config_reading.h"
#include "json/json.h"
#include "json/json_writer.h"

DLCORE_HIDDEN_BEGIN

/* The two objects, for a built model, and a compiled one, whose learning rate is that of the
 * moment: see dlcore_optimizer_config_put. */
void dlcore_model_config_put(dlcore_json_writer_t *writer, const dlcore_model_t *model);
void dlcore_compile_config_put(dlcore_json_writer_t *writer, const char *member,
                               const dlcore_compile_options_t *settings, double learning_rate);
/* The first alone, as Keras builds it, with the second as its member "compile_config"; `settings`
 * NULL: not compiled. */
void dlcore_model_config_put_compiled(dlcore_json_writer_t *writer, const dlcore_model_t *model,
                                      const dlcore_compile_options_t *settings,
                                      double learning_rate);

/* Adds the layers to an empty model; *input_width is that of its samples. `file` is for messages.
 * `takes_constants`: mean and variance of a Normalization may stand in its config, both of them,
 * and the caller puts them into its weights; else they are refused there. DLCORE_ERROR_FORMAT,
 * DLCORE_ERROR_UNSUPPORTED, or what adding says. */
dlcore_status dlcore_model_config_read(const dlcore_json_t *config, const char *file,
                                       bool takes_constants, dlcore_model_t *model,
                                       size_t *input_width, dlcore_error_record_t *error);
/* The settings, not yet checked: compiling does that. Lists in them lie in `numbers`, whose block
 * is released when they are no longer needed, also after a failure. */
dlcore_status dlcore_compile_config_read(const dlcore_json_t *config, const char *file,
                                         dlcore_compile_options_t *settings,
                                         dlcore_config_numbers_t *numbers,
                                         dlcore_error_record_t *error);

/* "glorot_uniform" to "GlorotUniform", at most `room` bytes with the terminator. */
void dlcore_class_name(const char *snake, char *camel, size_t room);

DLCORE_HIDDEN_END

#endif
