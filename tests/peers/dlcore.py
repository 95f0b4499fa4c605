"""dlcore for the tests of its peers, by ctypes (bridge.c). A model is made of Keras's own JSON: that of its
layers, its optimizer, its loss and its metrics, as dlcore reads it from files.

SPDX-License-Identifier: MIT
"""

import ctypes
import json
import os
import struct

import numpy as np

library = ctypes.CDLL(os.environ["DLCORE_PEER_BRIDGE"])
library.peer_parameters.restype = ctypes.c_size_t
library.peer_stopping.restype = library.peer_reducing.restype = ctypes.c_void_p

# What a result is multiplied with: other than 1 to see which tests notice that numbers are wrong.
PLANT = float(os.environ.get("DLCORE_PEER_PLANT", "1"))

calls = 0  # of dlcore that gave numbers


class NotThere(Exception):
    """dlcore has none of this: the test goes on with Keras's own code, and does not count."""


class Batch(ctypes.Structure):
    _fields_ = [
        ("rows", ctypes.c_size_t),
        ("inputs", ctypes.c_size_t),
        ("labels", ctypes.c_size_t),
        ("x", ctypes.c_void_p),
        ("y", ctypes.c_void_p),
        ("class_", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
    ]


def floats(values):
    return np.ascontiguousarray(values, dtype=np.float32)


def pointer(array):
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


def planted(values):
    """The result as it is handed to Keras: counted, and wrong where that is asked for."""
    global calls
    calls += 1
    return values if PLANT == 1 else np.asarray(values) * np.float32(PLANT) + np.float32(PLANT - 1)


def batch_of(x, y=None, classes=None, weights=None):
    batch = Batch(x.shape[0], x.shape[1], 0 if y is None else y.shape[1])
    batch.x, batch.y, batch.class_ = pointer(x), pointer(y), pointer(classes)
    batch.weights = pointer(weights)
    batch.kept = (x, y, classes, weights)
    return batch


def keras_object(class_name, config, module):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


LINEAR = keras_object("Activation", {"name": "identity", "activation": "linear"}, "keras.layers")
MSE = keras_object("MeanSquaredError", {"name": "mse"}, "keras.losses")
SGD = keras_object("SGD", {"name": "SGD", "learning_rate": 0.0}, "keras.optimizers")


class Model:
    """One of dlcore: layers are Keras's JSON, weights those of each layer, by name."""

    def __init__(self, width, layers, weights=(), optimizer=None, loss=None, metrics=(), weighted=()):
        names = []
        for number, layer in enumerate(layers):
            layer["config"]["name"] = f"layer_{number}"
            layer["config"].pop("dtype", None)
            names.append(layer["config"]["name"])
        first = keras_object("InputLayer", {"batch_shape": [None, width], "name": "inputs"}, "keras.layers")
        metadata = {
            "model_config": json.dumps(
                keras_object("Sequential", {"name": "peer", "layers": [first] + list(layers)}, "keras")
            ),
            "compile_config": json.dumps(
                {
                    "optimizer": optimizer or SGD,
                    "loss": loss or MSE,
                    "metrics": list(metrics),
                    "weighted_metrics": list(weighted),
                }
            ),
        }
        header, data, offset = {"__metadata__": metadata}, [], 0
        for name, values in zip(names, list(weights) + [{}] * len(names)):
            for key, value in values.items():
                value = floats(value)
                header[f"{name}/{key}"] = {
                    "dtype": "F32",
                    "shape": list(value.shape),
                    "data_offsets": [offset, offset + value.nbytes],
                }
                offset += value.nbytes
                data.append(value.tobytes())
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        raw = struct.pack("<Q", len(text)) + text + b"".join(data)
        self.message = ctypes.create_string_buffer(512)
        self.model = ctypes.c_void_p()
        self.check(library.peer_load(raw, ctypes.c_size_t(len(raw)), ctypes.byref(self.model), self.message))
        self.parameters = library.peer_parameters(self.model)

    def __del__(self):
        library.peer_free(self.model)

    def check(self, status):
        if status:
            raise NotThere(f"refused: {self.message.value.decode()}")

    def predict(self, x, width):
        x, y = floats(x), np.empty((len(x), width), np.float32)
        self.check(library.peer_predict(self.model, ctypes.byref(batch_of(x)), pointer(y), self.message))
        return planted(y)

    def training_outputs(self, x, width):
        x, y = floats(x), np.empty((len(x), width), np.float32)
        self.check(
            library.peer_training_outputs(self.model, ctypes.byref(batch_of(x)), pointer(y), self.message)
        )
        return planted(y)

    def evaluate(self, x, y=None, classes=None, weights=None):
        values = np.zeros(17)
        batch = batch_of(
            floats(x),
            None if y is None else floats(y),
            None if classes is None else np.ascontiguousarray(classes, np.int32),
            None if weights is None else floats(weights),
        )
        self.check(library.peer_evaluate(self.model, ctypes.byref(batch), pointer(values), self.message))
        return values

    def get_weights(self):
        values = np.empty(self.parameters, np.float32)
        library.peer_get_weights(self.model, pointer(values))
        return values

    def set_weights(self, values):
        values = floats(values)
        assert values.size == self.parameters
        self.check(library.peer_set_weights(self.model, pointer(values), self.message))

    def reset(self, seed):
        self.check(library.peer_reset(self.model, ctypes.c_uint64(seed % 2**64), self.message))

    def apply(self, gradients):
        gradients = floats(gradients)
        assert gradients.size == self.parameters
        self.check(library.peer_apply(self.model, pointer(gradients), self.message))

    def set_rate(self, rate):
        self.check(library.peer_set_rate(self.model, ctypes.c_double(rate), self.message))

    def rate(self, step):
        zeros, rate = np.zeros(self.parameters, np.float32), ctypes.c_double()
        self.check(
            library.peer_rate(
                self.model, ctypes.c_uint64(step), pointer(zeros), ctypes.byref(rate), self.message
            )
        )
        return rate.value

    def adapt(self, layer, x):
        x = floats(x)
        self.check(
            library.peer_adapt(self.model, ctypes.c_size_t(layer), ctypes.byref(batch_of(x)), self.message)
        )


class Callback:
    """One of dlcore, within a fit. Settings are those of bridge.c, in its order."""

    def __init__(self, kind, *settings):
        self.kind = kind
        self.message = ctypes.create_string_buffer(512)
        types = {bool: ctypes.c_int, int: ctypes.c_size_t, float: ctypes.c_double}
        given = [types[type(value)](value) for value in settings]
        self.callback = ctypes.c_void_p(getattr(library, f"peer_{kind}")(*given, self.message))
        self.check(bool(self.message.value))

    def __del__(self):
        if hasattr(self, "callback"):
            library.peer_callback_free(self.callback)

    def check(self, failed):
        if failed:
            raise NotThere(f"refused: {self.message.value.decode()}")

    def end_epoch(self, epoch, value, results):
        """Whether training is to stop; results are bridge.c's."""
        values = (ctypes.c_double * 4)(*results)
        action = getattr(library, f"peer_{self.kind}_epoch")(
            self.callback, ctypes.c_size_t(epoch), ctypes.c_double(value), values, self.message
        )
        self.check(action == 2)
        return action == 1, list(values)
