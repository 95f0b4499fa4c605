/* What samples are where a layer of a config stands: layers here have flat samples, but Keras's
 * work along the last of several axes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_CONFIG_SAMPLES_H
#define DLCORE_STORE_MODEL_CONFIG_SAMPLES_H

#include "system/compiler.h"

#include "store/config_reading.h"

DLCORE_HIDDEN_BEGIN

typedef struct dlcore_samples {
    size_t width; /* numbers of one; 0: not known */
    size_t last;  /* of the last axis, along which Keras's layers work */
    size_t axes;  /* 0: not known */
} dlcore_samples_t;

/* From a member such as [null, 784], or with more axes; unchanged where it is not there. */
dlcore_status dlcore_samples_read(const dlcore_config_reading_t *reading,
                                  const dlcore_json_t *config, const char *name,
                                  dlcore_samples_t *samples);
/* What a Reshape makes of them. */
dlcore_status dlcore_samples_reshape(const dlcore_config_reading_t *reading,
                                     const dlcore_json_t *config, const dlcore_samples_t *from,
                                     dlcore_samples_t *to);
/* Keras's layer Softmax where samples have several axes: over the last, or all; other axes are
 * refused. */
dlcore_status dlcore_samples_get_softmax(const dlcore_config_reading_t *reading,
                                         const dlcore_json_t *config,
                                         const dlcore_samples_t *samples, dlcore_layer_t *layer);
/* An activation becomes the layer that it is here: softmax along the last of several axes, glu. */
void dlcore_samples_settle(const dlcore_samples_t *samples, bool is_glu, dlcore_layer_t *layer);
/* Refuses a layer that works along one axis of several. */
dlcore_status dlcore_samples_check(const dlcore_config_reading_t *reading,
                                   const dlcore_json_t *config, const dlcore_layer_t *layer,
                                   const dlcore_samples_t *samples);

DLCORE_HIDDEN_END

#endif
