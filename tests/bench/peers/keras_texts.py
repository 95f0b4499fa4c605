"""The texts of dlcore_bench_texts in Keras: the time of an epoch, dense, as the textbook has it.

    build/tests/bench/dlcore_bench_texts --texts 15000 --epochs 1 --write FOLDER
    KERAS_BACKEND=jax python3 tests/bench/peers/keras_texts.py FOLDER [--epochs N] [--threads N]

SPDX-License-Identifier: MIT
"""

import argparse
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--threads", type=int, default=0)
arguments = parser.parse_args()
if arguments.threads > 0:  # before anything starts a pool of threads
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])

import keras  # noqa: E402
import numpy as np  # noqa: E402


def load(name):
    return np.load(os.path.join(arguments.folder, name + ".npy"))


class Clock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.walls, self.cpus = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.walls.append(time.perf_counter() - self.begin[0])
        self.cpus.append(time.process_time() - self.begin[1])


starts, indices, labels = load("starts"), load("indices"), load("labels")
x = np.zeros((len(labels), 10000), dtype="float32")
x[np.repeat(np.arange(len(labels)), np.diff(starts)), indices] = 1.0

model = keras.Sequential([
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
clock = Clock()
history = model.fit(x, labels, epochs=arguments.epochs, batch_size=512, verbose=0, callbacks=[clock])
later = slice(1, None) if arguments.epochs > 1 else slice(None)
print(f"{len(labels):6d} texts  Keras {keras.__version__} on {keras.backend.backend()}, "
      f"{arguments.threads or 'all'} CPUs  epoch {1e3 * np.median(clock.walls[later]):8.2f} ms "
      f"(CPU {1e3 * np.median(clock.cpus[later]):8.2f}, first {1e3 * clock.walls[0]:8.2f}), "
      f"accuracy {history.history['accuracy'][-1]:.3f}")
