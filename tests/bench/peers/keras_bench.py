"""Keras 3 on the cases of dlcore_bench.

The backend is the one that KERAS_BACKEND names, tensorflow or jax. Training is
Model.fit; a prediction is the model's call, compiled, which is faster than
Model.predict.

SPDX-License-Identifier: MIT
"""
import os

import common

ARGUMENTS = common.parse_arguments(__doc__)
common.limit_threads(ARGUMENTS.threads)
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import keras
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf
        tf.config.threading.set_intra_op_parallelism_threads(ARGUMENTS.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    else:
        import jax
except ImportError as error:
    common.missing(f"Keras on {os.environ['KERAS_BACKEND']} ({error})")

BACKEND = keras.backend.backend()
PEER = {"tensorflow": "Keras on TensorFlow", "jax": "Keras on JAX"}[BACKEND]
VERSION = keras.__version__
LOSSES = {
    "classes": "sparse_categorical_crossentropy",
    "yes-or-no": "binary_crossentropy",
    "numbers": "mean_squared_error",
}
LAST = {"classes": "softmax", "yes-or-no": "sigmoid", "numbers": "linear"}


def make_model(case, steps):
    """A compiled model that runs so many steps in one execution."""
    hidden = "tanh" if case.head == "yes-or-no" else "relu"
    layers = [keras.Input((case.widths[0],))]
    if case.work == "epoch":
        layers.append(keras.layers.Rescaling(1 / 255))
    layers += [keras.layers.Dense(units, hidden)
               for units in case.widths[1:-1]]
    layers.append(keras.layers.Dense(case.widths[-1], LAST[case.head]))
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.RMSprop(), LOSSES[case.head],
                  steps_per_execution=steps)
    return model


def time_fit(case):
    """Seconds per step, or per epoch of MNIST."""
    if case.work == "epoch":
        x, y = common.mnist(ARGUMENTS.data)
        batches = units = 1
        steps = 67  # divides the 469 steps of an epoch
    else:
        # Longer epochs than elsewhere, because one costs Keras a good deal.
        batches = units = 4 * common.batch_count(case)
        x = common.features(case, batches * case.batch)
        y = common.targets(case, batches * case.batch)
        steps = min(batches, 64)
    model = make_model(case, steps)

    def run(count):
        model.fit(x, y, batch_size=case.batch, epochs=count, verbose=0)

    return common.measure(run, units, ARGUMENTS.quick)


def time_prediction(case):
    """Seconds per call."""
    model = make_model(case, 1)
    x = keras.ops.convert_to_tensor(common.features(case, case.batch))
    if BACKEND == "tensorflow":
        call = tf.function(lambda x: model(x, training=False),
                           jit_compile=True)

        def once():
            call(x)
    else:
        trainable = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        call = jax.jit(lambda t, n, x: model.stateless_call(t, n, x)[0])

        def once():
            call(trainable, others, x).block_until_ready()

    def run(count):
        for _ in range(count):
            once()

    return common.measure(run, 1, ARGUMENTS.quick)


def main():
    """Measures each case."""
    for case in common.chosen(ARGUMENTS):
        work = time_prediction if case.work == "predict" else time_fit
        common.report(case, PEER, VERSION, ARGUMENTS.threads, work(case))


if __name__ == "__main__":
    main()
