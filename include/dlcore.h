/* dlcore: dense feed-forward networks in C, with an API modelled on Keras's Sequential model.
 *
 *     #include <dlcore.h>
 *
 *     model_t *network = NULL;
 *     model_create(NULL, &network);
 *     model_add(network, layer_dense(512, ACTIVATION_RELU));
 *     model_add(network, layer_dense(10, ACTIVATION_SOFTMAX));
 *
 *     optimizer_t rmsprop = optimizer_rmsprop();
 *     model_compile(network, &rmsprop, LOSS_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY);
 *
 *     fit_options_t how = fit_options_default();
 *     how.epochs = 5; how.batch_size = 128; how.verbose = 1;
 *     if (model_fit(network, images, labels, &how, NULL) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", model_error(network));
 *     model_free(network);
 *
 * Names: what the archive exports begins with dlcore_ (dlcore_model_fit). dlcore/names.h gives the
 * short names used above (model_fit) as macros; define DLCORE_NO_SHORT_NAMES before the include to
 * do without them, for instance when your program has a model_fit of its own.
 *
 * Errors: fallible functions return dlcore_status, DLCORE_OK or negative. Nothing exits, aborts or
 * prints unasked; messages name the numbers: dlcore_model_error and dlcore_error_record_t.
 *
 * Ownership: models, tensors and histories are handles: what is created is freed by its _free,
 * which takes NULL. Layers, optimizers, losses, metrics and options are values: nothing to free.
 * Getters borrow. Data given to fit, evaluate and predict is borrowed for the call.
 *
 * Threads: different models on different threads at will. One model: many readers (evaluate,
 * predict, getters) or one writer. No process-wide state is changed beyond a call.
 *
 * Memory: from the allocator given at creation; a training step allocates nothing after the first.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_H
#define DLCORE_H

#include "dlcore/activation.h"
#include "dlcore/callback.h"
#include "dlcore/callbacks.h"
#include "dlcore/check.h"
#include "dlcore/collective.h"
#include "dlcore/constraint.h"
#include "dlcore/cross_validation.h"
#include "dlcore/curves.h"
#include "dlcore/data.h"
#include "dlcore/dataset.h"
#include "dlcore/export.h"
#include "dlcore/file.h"
#include "dlcore/function.h"
#include "dlcore/initializer.h"
#include "dlcore/inspect.h"
#include "dlcore/judge.h"
#include "dlcore/layer.h"
#include "dlcore/lbfgs.h"
#include "dlcore/learning_rate.h"
#include "dlcore/loss.h"
#include "dlcore/memory.h"
#include "dlcore/metric.h"
#include "dlcore/model.h"
#include "dlcore/note.h"
#include "dlcore/optimizer.h"
#include "dlcore/predictor.h"
#include "dlcore/regularizer.h"
#include "dlcore/report.h"
#include "dlcore/schedule.h"
#include "dlcore/schema.h"
#include "dlcore/sparse.h"
#include "dlcore/status.h"
#include "dlcore/steps.h"
#include "dlcore/table.h"
#include "dlcore/tensor.h"
#include "dlcore/version.h"
#include "dlcore/weights.h"

#ifndef DLCORE_NO_SHORT_NAMES
#    include "dlcore/names.h"
#endif

#endif
