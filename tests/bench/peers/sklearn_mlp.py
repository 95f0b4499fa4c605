"""scikit-learn's multilayer perceptron on the cases of dlcore_bench.

It has no RMSprop: training is with Adam, which keeps as much state and more.
A call of partial_fit is one epoch.

SPDX-License-Identifier: MIT
"""
import warnings

import common

ARGUMENTS = common.parse_arguments(__doc__)
common.limit_threads(ARGUMENTS.threads)
try:
    import sklearn
    from sklearn.neural_network import MLPClassifier, MLPRegressor
except ImportError:
    common.missing("scikit-learn")

VERSION = sklearn.__version__
PEER = "scikit-learn (Adam)"


def make_model(case):
    """A network of that form, without regularisation."""
    kind = MLPRegressor if case.head == "numbers" else MLPClassifier
    return kind(hidden_layer_sizes=case.widths[1:-1], alpha=0,
                batch_size=case.batch,
                activation="tanh" if case.head == "yes-or-no" else "relu",
                solver="adam", shuffle=True, random_state=1)


def fit_function(case, x, y):
    """The model, and a function that trains it for some epochs."""
    model = make_model(case)
    more = {}
    if case.head != "numbers":
        y = y.ravel().astype(int)
        more["classes"] = range(2 if case.head == "yes-or-no"
                                else case.widths[-1])

    def run(count):
        for _ in range(count):
            model.partial_fit(x, y, **more)

    # partial_fit knows the classes from its first call.
    model.partial_fit(x[:case.batch], y[:case.batch],
                      **{key: list(value) for key, value in more.items()})
    more.clear()
    return model, run


def time_case(case):
    """Seconds per step, call or epoch."""
    if case.work == "epoch":
        images, y = common.mnist(ARGUMENTS.data)
        _, run = fit_function(case, images.astype("float32") / 255, y)
        return common.measure(run, 1, ARGUMENTS.quick)
    batches = common.batch_count(case)
    rows = max(batches * case.batch, 32)
    x = common.features(case, rows)
    model, run = fit_function(case, x, common.targets(case, rows))
    if case.work == "train":
        return common.measure(run, batches, ARGUMENTS.quick)
    one = x[:case.batch]
    call = model.predict if case.head == "numbers" else model.predict_proba

    def predict(count):
        for _ in range(count):
            call(one)

    return common.measure(predict, 1, ARGUMENTS.quick)


def main():
    """Measures each case."""
    warnings.simplefilter("ignore")
    for case in common.chosen(ARGUMENTS):
        common.report(case, PEER, VERSION, ARGUMENTS.threads, time_case(case))


if __name__ == "__main__":
    main()
