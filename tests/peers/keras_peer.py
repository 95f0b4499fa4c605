"""A plugin of pytest that puts dlcore behind Keras's classes (KERAS_BACKEND=numpy; jax for callbacks): what a loss, a metric,
an activation, ... answers is computed by dlcore. Keras's own tests then run as they are.

The rule that says which tests are applicable is this, and nobody's choice:
  - no numbers:  the test asked for nothing that is computed by a class that dlcore has (configs, shapes,
                 other classes).
  - not there:   it asked at least once for something that dlcore has not, or refuses, and Keras answered.
  - applicable:  everything that it asked for, once or more, was answered by dlcore.
The outcome of each test goes to the file DLCORE_PEER_REPORT as a line of JSON.

SPDX-License-Identifier: MIT
"""

import functools
import inspect
import json
import os

import keras
import numpy as np
from keras.src import activations, backend, callbacks, constraints, initializers, layers, losses, metrics, ops
from keras.src import optimizers, regularizers
from keras.src.losses.loss import Loss, squeeze_or_expand_to_same_rank
from keras.src.optimizers import schedules
from keras.src.optimizers.base_optimizer import BaseOptimizer
from keras.src.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from keras.src.saving import serialize_keras_object

import dlcore
from dlcore import LINEAR, Model, NotThere, keras_object

reasons = []  # why Keras answered, in the test of now
group = ""  # of the test of now: "losses", "metrics", ... Only its own classes are dlcore's then.


def served(original, of):
    """original, a method or function, is asked where dlcore has nothing to answer, and by tests of other groups
    than `of`: a metric's variables may be drawn by whoever draws them.
    """

    def decorate(own):
        @functools.wraps(original)
        def call(*args, **kwargs):
            if group != of:
                return original(*args, **kwargs)
            try:
                return own(*args, **kwargs)
            except NotThere as reason:
                reasons.append(f"{original.__qualname__}: {reason}")
                return original(*args, **kwargs)

        return call

    return decorate


def array(value, what="a tensor"):
    """A concrete array of numbers; symbolic ones, and what has a mask, are not there."""
    if value is None:
        return None
    if isinstance(value, backend.KerasTensor):
        raise NotThere("symbolic tensor")
    if getattr(value, "_keras_mask", None) is not None:
        raise NotThere("mask")
    if isinstance(value, (dict, list, tuple)) and any(hasattr(v, "shape") and v.ndim for v in value):
        raise NotThere("structures of tensors")
    value = np.asarray(backend.convert_to_numpy(value) if hasattr(value, "value") else value)
    if value.dtype == object:
        raise NotThere(what)
    return value


def two_axes(value):
    if value.ndim != 2:
        raise NotThere(f"rank {value.ndim}")
    return value


def float32_only(dtype):
    if dtype is not None and backend.standardize_dtype(getattr(dtype, "compute_dtype", dtype)) != "float32":
        raise NotThere("another dtype than float32")


# ---- losses ----

SPARSE_LOSSES = ("SparseCategoricalCrossentropy",)


def pair(y_true, y_pred):
    """(rows, labels), (rows, units) of what Keras would compare along the last axis."""
    y_true, y_pred = array(y_true), array(y_pred)
    y_true, y_pred = (np.asarray(v) for v in squeeze_or_expand_to_same_rank(y_true, y_pred))
    if y_pred.ndim == 1 and y_true.ndim == 1:
        return y_true[None], y_pred[None], ()
    if y_true.shape != y_pred.shape:
        raise NotThere(f"shapes {y_true.shape} and {y_pred.shape}")
    if y_pred.ndim == 0 or y_pred.size == 0:
        raise NotThere("no numbers")
    width = y_pred.shape[-1]
    return y_true.reshape(-1, width), y_pred.reshape(-1, width), y_true.shape[:-1]


def sample_weights(weights, rows, shape):
    """Weights of rows, which have the axes `shape`."""
    if weights is None:
        return None
    weights = array(weights).astype(np.float32)
    if weights.ndim == 0:
        weights = np.full(rows, weights, np.float32)
    if weights.shape == shape + (1,) or weights.shape == shape:
        weights = weights.reshape(-1)
    elif shape[:1] == weights.shape[:1] and weights.size == shape[0]:
        weights = np.repeat(weights.reshape(-1), rows // shape[0])
    if weights.shape != (rows,):
        raise NotThere(f"weights of shape {weights.shape} for {rows} samples")
    return weights


def loss_value(self, y_true, y_pred, sample_weight=None):
    float32_only(self.dtype)
    config = serialize_keras_object(self)
    sparse = type(self).__name__ in SPARSE_LOSSES
    if sparse:
        y_pred = two_axes(array(y_pred))
        classes, shape = array(y_true).reshape(-1), y_pred.shape[:1]
        if classes.shape != shape or not np.all(classes == classes.astype(np.int32)):
            raise NotThere("labels of this shape")
        labels = {"classes": classes}
    else:
        y_true, y_pred, shape = pair(y_true, y_pred)
        labels = {"y": y_true}
    rows, units = y_pred.shape
    weights = sample_weights(sample_weight, rows, shape)
    if shape == () and weights is not None:
        raise NotThere("weights for samples without an axis")
    each = config["config"].get("reduction") in (None, "none") and shape != ()
    whole_batch = type(self).__name__ in ("Dice", "Tversky") and config["config"].get("axis") is None
    if each and whole_batch:
        each = False
    if shape == () and config["config"].get("reduction") in (None, "none"):
        config["config"]["reduction"] = "sum"
    if each:
        config["config"]["reduction"] = "sum"
    model = Model(units, [dict(LINEAR, config=dict(LINEAR["config"]))], loss=config)
    if not each:
        return dlcore.planted(np.float32(model.evaluate(y_pred, weights=weights, **labels)[0]))
    values = [
        model.evaluate(
            y_pred[row : row + 1],
            weights=None if weights is None else weights[row : row + 1],
            **{key: value[row : row + 1] for key, value in labels.items()},
        )[0]
        for row in range(rows)
    ]
    return dlcore.planted(np.array(values, np.float32).reshape(shape))


def patch_losses():
    for name in dir(losses):
        kind = getattr(losses, name)
        if isinstance(kind, type) and issubclass(kind, Loss) and kind.__module__ == losses.losses.__name__:
            if kind is losses.losses.LossFunctionWrapper:
                continue
            kind.__call__ = served(Loss.__call__, "losses")(loss_value)


# ---- metrics ----

COUNTED = ("Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "AUC",
           "SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision")
SPARSE_METRICS = ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
                  "SparseTopKCategoricalAccuracy")
SKIPPED = ("Mean", "Sum", "MeanMetricWrapper", "Metric", "MeanIoU", "IoU", "BinaryIoU", "OneHotIoU",
           "OneHotMeanIoU")


def metric_batch(name, settings, y_true, y_pred, weights):
    """(rows, units) twice and weights of rows, of what one update_state got."""
    y_true, y_pred = array(y_true), array(y_pred)
    weights = array(weights)
    if name in SPARSE_METRICS:
        y_pred = two_axes(y_pred)
        y_true = y_true.reshape(-1)
        if y_true.shape != y_pred.shape[:1]:
            raise NotThere("labels of this shape")
        return y_true, y_pred, sample_weights(weights, len(y_pred), (len(y_pred),))
    if name in COUNTED and settings.get("top_k") is None and settings.get("class_id") is None \
            and not settings.get("multi_label"):
        if weights is not None and weights.ndim and weights.shape != y_pred.shape:
            weights = weights.reshape(weights.shape + (1,) * (y_pred.ndim - weights.ndim))
        if weights is not None:
            weights = np.broadcast_to(weights, y_pred.shape).reshape(-1)
        if y_true.size != y_pred.size:
            raise NotThere(f"shapes {y_true.shape} and {y_pred.shape}")
        return y_true.reshape(-1, 1), y_pred.reshape(-1, 1), weights
    y_true, y_pred, shape = pair(y_true, y_pred)
    if shape == () and weights is not None:
        if name in ("RootMeanSquaredError", "R2Score") or np.size(weights) != 1:
            raise NotThere("weights for samples without an axis")
    return y_true, y_pred, sample_weights(weights, len(y_pred), shape)


def metric_value(self):
    name = type(self).__name__
    log = getattr(self, "_dlcore_log", None)
    if not log:
        raise NotThere("no samples")
    float32_only(self.dtype)
    config = serialize_keras_object(self)
    parts = [metric_batch(name, config["config"], *entry) for entry in log]
    if len({part[1].shape[1] for part in parts}) != 1:
        raise NotThere("batches of several widths")
    y_true, y_pred = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    weights = None
    if any(part[2] is not None for part in parts):
        weights = np.concatenate(
            [np.ones(len(part[1]), np.float32) if part[2] is None else part[2] for part in parts]
        )
    labels, loss = {"y": y_true}, None
    if name in SPARSE_METRICS:
        labels = {"classes": y_true}
        loss = keras_object("SparseCategoricalCrossentropy", {"name": "loss"}, "keras.losses")
    lists = {"weighted": [config]} if weights is not None else {"metrics": [config]}
    model = Model(y_pred.shape[1], [dict(LINEAR, config=dict(LINEAR["config"]))], loss=loss, **lists)
    return dlcore.planted(np.float32(model.evaluate(y_pred, weights=weights, **labels)[1]))


def patch_metric(kind):
    update, result, reset = kind.update_state, kind.result, kind.reset_state

    @functools.wraps(update)
    def update_state(self, y_true, y_pred, sample_weight=None):
        if "_dlcore_log" not in self.__dict__:
            object.__setattr__(self, "_dlcore_log", [])
        self._dlcore_log.append((y_true, y_pred, sample_weight))
        return update(self, y_true, y_pred, sample_weight)

    @functools.wraps(reset)
    def reset_state(self):
        self.__dict__.pop("_dlcore_log", None)
        return reset(self)

    kind.update_state, kind.reset_state = update_state, reset_state
    kind.result = served(result, "metrics")(metric_value)


def patch_metrics():
    for name in dir(metrics):
        kind = getattr(metrics, name)
        if isinstance(kind, type) and issubclass(kind, metrics.Metric) and name not in SKIPPED:
            patch_metric(kind)


# ---- activations ----

def elementwise(config, x, last_axis):
    x = array(x)
    if last_axis:
        two_axes(x)
    flat = x.reshape(x.shape if last_axis else (-1, 1))
    if flat.size == 0:
        raise NotThere("no numbers")
    return Model(flat.shape[1], [config]).predict(flat, flat.shape[1]).reshape(x.shape)


replaced = {}  # functions of the module activations: Keras's, and dlcore's


def choose_activations(ours):
    """Only for their own tests: others compare functions by identity."""
    for name, both in replaced.items():
        setattr(activations, name, both[ours])
        for key, value in list(activations.ALL_OBJECTS_DICT.items()):
            if value is both[not ours]:
                activations.ALL_OBJECTS_DICT[key] = both[ours]


def patch_activation(name, last_axis=False):
    original = getattr(activations, name)

    def own(*args, **kwargs):
        bound = inspect.signature(original).bind(*args, **kwargs).arguments
        x = bound.pop("x")
        settings = dict(bound)
        if name == "relu":
            slope = settings.pop("negative_slope", 0.0)
            config = keras_object("ReLU", {"negative_slope": slope, "threshold": settings.pop("threshold", 0.0),
                                           "max_value": settings.pop("max_value", None)}, "keras.layers")
        elif name == "leaky_relu" and "negative_slope" in settings:
            config = keras_object("LeakyReLU", settings.copy(), "keras.layers")
            settings.clear()
        elif name == "elu" and "alpha" in settings:
            config = keras_object("ELU", settings.copy(), "keras.layers")
            settings.clear()
        else:
            config = keras_object("Activation", {"activation": name}, "keras.layers")
        if settings.get("axis", -1) != -1 or set(settings) - {"axis"}:
            raise NotThere(f"settings {settings}")
        return elementwise(config, x, last_axis)

    replaced[name] = (original, served(original, "activations")(own))


def patch_activations():
    for name in ("linear", "relu", "leaky_relu", "relu6", "elu", "selu", "gelu", "silu", "mish", "sigmoid",
                 "hard_sigmoid", "hard_silu", "tanh", "softplus", "softsign", "exponential", "celu",
                 "hard_tanh", "log_sigmoid", "soft_shrink", "hard_shrink", "tanh_shrink", "squareplus",
                 "sparse_plus", "sparse_sigmoid", "threshold", "glu"):
        patch_activation(name)
    for name in ("softmax", "log_softmax", "sparsemax"):
        patch_activation(name, last_axis=True)


# ---- regularizers, constraints, initializers ----

def dense(units, **settings):
    config = {"units": units, "activation": "linear", "use_bias": False}
    config.update(settings)
    return keras_object("Dense", config, "keras.layers")


def regularizer_value(self, x):
    kernel = array(x).reshape(-1, 1)
    layer = dense(1, kernel_regularizer=serialize_keras_object(self))
    model = Model(len(kernel), [layer], [{"kernel": kernel}])
    zeros = np.zeros((1, len(kernel)))
    return dlcore.planted(np.float32(model.evaluate(zeros, np.zeros((1, 1)))[0]))


def constraint_value(self, w):
    w = two_axes(array(w))
    config = serialize_keras_object(self)
    if config["config"].get("axis", 0) != 0:
        raise NotThere("another axis than 0")
    model = Model(w.shape[0], [dense(w.shape[1], kernel_constraint=config)], [{"kernel": w}])
    model.apply(np.zeros(w.size))
    return dlcore.planted(model.get_weights().reshape(w.shape))


def initializer_value(self, shape, dtype=None, **kwargs):
    if kwargs:
        raise NotThere("layouts")
    float32_only(dtype)
    shape = tuple(shape)
    if len(shape) not in (1, 2) or 0 in shape:
        raise NotThere(f"rank {len(shape)}")
    config = serialize_keras_object(self)
    seed = getattr(self, "seed", 1)
    if isinstance(seed, keras.random.SeedGenerator):
        numbers = np.asarray(seed.next()).astype(np.uint64)
        seed = int(numbers[0]) * 2**32 + int(numbers[1])
    config["config"].pop("seed", None)
    if type(self).__name__ == "Identity":
        config["config"]["gain"] = self.gain  # which Keras's config forgets
    if len(shape) == 2:
        layer = dense(shape[1], kernel_initializer=config)
        weights = [{"kernel": np.zeros(shape)}]
        model = Model(shape[0], [layer], weights)
    else:
        layer = dense(shape[0], use_bias=True, bias_initializer=config)
        model = Model(1, [layer], [{"kernel": np.zeros((1, shape[0])), "bias": np.zeros(shape)}])
    model.reset(seed)
    return dlcore.planted(model.get_weights()[-int(np.prod(shape)) :].reshape(shape))


def patch_weights():
    for kind in (regularizers.L1, regularizers.L2, regularizers.L1L2, regularizers.OrthogonalRegularizer):
        kind.__call__ = served(kind.__call__, "regularizers")(
            not_there if kind is regularizers.OrthogonalRegularizer else regularizer_value
        )
    for kind in (constraints.MaxNorm, constraints.NonNeg, constraints.UnitNorm, constraints.MinMaxNorm):
        kind.__call__ = served(kind.__call__, "constraints")(constraint_value)
    for name in dir(initializers):
        kind = getattr(initializers, name)
        if isinstance(kind, type) and issubclass(kind, initializers.Initializer) and "__call__" in vars(kind):
            if name not in ("Initializer", "RandomInitializer", "STFT"):
                kind.__call__ = served(kind.__call__, "initializers")(initializer_value)


def not_there(*args, **kwargs):
    raise NotThere("not in dlcore")


# ---- schedules and optimizers ----

def schedule_value(self, step):
    step = float(array(step))
    if step != int(step) or step < 0 or step > 1e6:
        raise NotThere("steps that are no numbers of steps")
    optimizer = keras_object("SGD", {"name": "SGD", "learning_rate": serialize_keras_object(self)},
                             "keras.optimizers")
    model = Model(1, [dense(1)], [{"kernel": np.zeros((1, 1))}], optimizer=optimizer)
    return dlcore.planted(np.float32(model.rate(int(step))))


def optimizer_model(self, variables):
    """Vectors are the alphas of a prelu, matrices kernels; frozen kernels between them fit the widths."""
    if self.use_ema and not self.ema_overwrite_frequency:
        raise NotThere("averages that only finalize_variable_values reads")
    config = serialize_keras_object(self)
    config["config"].pop("loss_scale_factor", None)
    stack, weights, places, width, offset = [], [], [], 1, 0
    for variable in variables:
        shape = tuple(variable.shape) or (1,)
        if len(shape) > 2 or variable.constraint is not None:
            raise NotThere(f"a variable of rank {len(shape)}, or with a constraint")
        float32_only(variable.dtype)
        if width != shape[0]:
            stack.append(dense(shape[0], trainable=False))
            weights.append({"kernel": np.zeros((width, shape[0]))})
            offset += width * shape[0]
        if len(shape) == 1:
            stack.append(keras_object("PReLU", {}, "keras.layers"))
            weights.append({"alpha": np.zeros(shape)})
        else:
            stack.append(dense(shape[1]))
            weights.append({"kernel": np.zeros(shape)})
        size = int(np.prod(shape))
        places.append(slice(offset, offset + size))
        offset, width = offset + size, shape[-1]
    return Model(1, stack, weights, optimizer=config), places


def patch_optimizers():
    original = BaseOptimizer._backend_apply_gradients

    def values_of(variables, places, count):
        flat = np.zeros(count, np.float32)
        for variable, place in zip(variables, places):
            flat[place] = np.asarray(backend.convert_to_numpy(variable)).reshape(-1)
        return flat

    def apply(self, grads, variables):
        if group != "optimizers":
            return original(self, grads, variables)
        grads, variables = list(grads), list(variables)
        before = [np.asarray(backend.convert_to_numpy(v)).copy() for v in variables]
        grads = [array(g) for g in grads]
        answer = None
        try:
            if type(self).__module__.startswith("keras.src.optimizers.") is False:
                raise NotThere("an optimizer of the test's own")
            if any(not self._use_weight_decay(v) for v in variables) and self.weight_decay:
                raise NotThere("exclude_from_weight_decay by name")
            known = self.__dict__.get("_dlcore_model")
            if known is None:
                if int(self.iterations) != 0:
                    raise NotThere("an optimizer that has state already")
                model, places = optimizer_model(self, variables)
                known = (model, places, [id(v) for v in variables])
                object.__setattr__(self, "_dlcore_model", known)
            model, places, which = known
            if which != [id(v) for v in variables]:
                raise NotThere("other variables than before")
            if isinstance(self._learning_rate, backend.Variable):
                model.set_rate(float(self._learning_rate.numpy()))
            flat = values_of(before, places, model.parameters)
            if not np.array_equal(flat, model.get_weights()):
                model.set_weights(flat)
            model.apply(values_of(grads, places, model.parameters))
            answer = model.get_weights()
        except NotThere as reason:
            reasons.append(f"{type(self).__name__}: {reason}")
        original(self, grads, variables)
        if answer is not None:
            for variable, place in zip(variables, places):
                variable.assign(np.asarray(dlcore.planted(answer[place])).reshape(variable.shape))

    BaseOptimizer._backend_apply_gradients = apply
    for name in dir(schedules):
        kind = getattr(schedules, name)
        if isinstance(kind, type) and name not in ("LearningRateSchedule",) and "__call__" in vars(kind):
            kind.__call__ = served(kind.__call__, "optimizers")(schedule_value)


# ---- layers ----

TRAINING_ONLY = ("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "BatchNormalization")


def layer_outputs(self, inputs, training=None, **kwargs):
    if any(v is not None for v in kwargs.values()):
        raise NotThere(f"arguments {sorted(kwargs)}")
    float32_only(self.compute_dtype)
    if getattr(self, "quantization_mode", None) or getattr(self, "lora_enabled", False):
        raise NotThere("quantization and LoRA")
    if getattr(self, "activation", self) is None:
        self.activation = activations.linear  # a test took it away; None has no config
    x = array(inputs)
    if backend.standardize_dtype(x.dtype) == "float64":
        raise NotThere("another dtype than float32")
    name = type(self).__name__
    shape = x.shape
    if name == "Flatten":
        x = x.reshape(len(x), -1)
    elif name in ("Rescaling", "ReLU", "LeakyReLU", "ELU", "Activation", "Dropout", "GaussianNoise",
                  "GaussianDropout", "ActivityRegularization") and x.ndim > 2:
        if name == "Dropout" and self.noise_shape or name == "Activation" and "softmax" in str(self.activation):
            raise NotThere(f"rank {x.ndim}")
        x = x.reshape(len(x), -1)  # number by number, whatever the axes
    two_axes(x)
    if x.size == 0 or x.shape[1] == 0:
        raise NotThere("no numbers")
    config = serialize_keras_object(self)
    config["config"].pop("build_config", None)
    for key in ("axis",):
        axes = config["config"].get(key)
        axes = axes if isinstance(axes, (list, tuple)) else [axes]
        if any(a not in (None, -1, 1) for a in axes):
            raise NotThere(f"axis {axes}")
    weights = {w.name: backend.convert_to_numpy(w) for w in self.weights
               if w.name != "count" and "seed" not in w.name}
    width = self.units if name == "Dense" else x.shape[1]
    model = Model(x.shape[1], [config], [weights])
    if training and name in TRAINING_ONLY and (name != "BatchNormalization" or self.trainable):
        generator = getattr(self, "seed_generator", None)
        if generator is not None:
            model.reset(int(np.asarray(generator.next())[1]))
        y = model.training_outputs(x, width)
        if name == "BatchNormalization":
            after = model.get_weights().reshape(-1, width)
            self.moving_mean.assign(after[-2])
            self.moving_variance.assign(after[-1])
    else:
        y = model.predict(x, width)
    return y if name in ("Dense", "Flatten") else y.reshape(shape)


def patch_layers():
    for name in ("Dense", "Activation", "Flatten", "Rescaling", "Dropout", "GaussianNoise",
                 "BatchNormalization", "LayerNormalization", "Normalization", "PReLU", "ReLU", "LeakyReLU",
                 "ELU", "Softmax", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
                 "UnitNormalization", "RMSNormalization"):
        kind = getattr(layers, name)
        kind.call = served(kind.call, "layers")(layer_outputs)


# ---- callbacks ----

def stopping_epoch_end(self, epoch, logs=None):
    if self.monitor_op is None:
        self._set_monitor_op()
    current = self.get_monitor_value(logs)
    if current is None or np.ndim(current) or self.verbose:
        raise NotThere("an epoch without the value, several values, or prints")
    if "_dlcore_callback" not in self.__dict__:
        baseline = float("nan") if self.baseline is None else float(self.baseline)
        self._dlcore_callback = dlcore.Callback(
            "stopping", self.monitor_op is ops.greater, float(self.min_delta), self.patience, baseline,
            self.start_from_epoch,
        )
    stop, (best, wait, best_epoch, stopped_epoch) = self._dlcore_callback.end_epoch(epoch, current, [0.0] * 4)
    self.best, self.wait = (None if np.isnan(best) else best), int(wait)
    self.best_epoch, self.stopped_epoch = int(best_epoch), int(stopped_epoch)
    if self.restore_best_weights and self.best is not None and self.best_epoch == epoch:
        self.best_weights = self.model.get_weights()
    if bool(dlcore.planted(float(stop)) > 0.005):  # planted: it stops at once
        self.model.stop_training = True


def reducing_epoch_end(self, epoch, logs=None):
    if self.monitor_op is None:
        self._set_monitor_op()
    optimizer, current = self.model.optimizer, (logs or {}).get(self.monitor)
    if current is None or self.verbose or hasattr(optimizer, "optimizers"):
        raise NotThere("an epoch without the value, prints, or several optimizers")
    if isinstance(optimizer._learning_rate, LearningRateSchedule):
        raise NotThere("a schedule, which compile refuses with it")
    if "_dlcore_callback" not in self.__dict__:
        self._dlcore_callback = dlcore.Callback(
            "reducing", self.monitor_op is ops.greater, float(self.min_delta), self.patience, float(self.factor),
            self.cooldown, float(self.min_lr),
        )
    before = float(backend.convert_to_numpy(optimizer.learning_rate))
    _, (after, best, wait, _) = self._dlcore_callback.end_epoch(epoch, current, [before, 0.0, 0.0, 0.0])
    self.best, self.wait = best, int(wait)
    after = float(dlcore.planted(after))
    if after != before:
        optimizer.learning_rate = after


def patch_callbacks():
    for kind, own in ((callbacks.EarlyStopping, stopping_epoch_end),
                      (callbacks.ReduceLROnPlateau, reducing_epoch_end)):
        begin = kind.on_train_begin

        def on_train_begin(self, logs=None, begin=begin):
            self.__dict__.pop("_dlcore_callback", None)
            begin(self, logs)

        kind.on_train_begin = on_train_begin
        kind.on_epoch_end = served(kind.on_epoch_end, "callbacks")(own)


# ---- pytest ----

def pytest_configure(config):
    config.addinivalue_line("markers", "requires_trainable_backend: Keras's own")
    patch_losses()
    patch_metrics()
    patch_activations()
    patch_weights()
    patch_optimizers()
    patch_layers()
    patch_callbacks()


def pytest_runtest_setup(item):
    global group
    group = item.nodeid.split("/src/")[-1].split("/")[0]
    choose_activations(group == "activations")
    reasons.clear()
    dlcore.calls = 0
    if item.get_closest_marker("requires_trainable_backend") and backend.backend() == "numpy":
        import pytest

        pytest.skip("a backend that trains")


def pytest_runtest_makereport(item, call):
    if call.when == "call":
        excluded = call.excinfo is not None and call.excinfo.typename == "Skipped"
        line = {
            "test": item.nodeid,
            "outcome": "skipped" if excluded else "passed" if call.excinfo is None else "failed",
            "calls": dlcore.calls,
            "reasons": list(reasons),
        }
    elif call.when == "setup" and call.excinfo is not None:
        line = {"test": item.nodeid, "outcome": "skipped", "calls": 0, "reasons": []}
    else:
        return
    with open(os.environ["DLCORE_PEER_REPORT"], "a", encoding="utf-8") as report:
        report.write(json.dumps(line) + "\n")
