"""Random networks over all layers, activations, losses and optimizers that the version has, for
tests/keras_files.sh: made and trained by Keras, gone on with by dlcore from Keras's file, and by Keras from
dlcore's.

    keras_networks.py TOOL FOLDER FIRST COUNT

Fails where outputs are apart by more than 2e-6 of the largest (at least 1), or weights or the
optimizer's state after five more epochs, there or here, by more than 1e-5 normwise. Nothing of a run is
random. A network that amplifies roundings (exponential after exponential, a sample that crosses a kink)
is drawn anew: that is seen by running it in Keras with weights that are some roundings away. Keras itself must
then move by a quarter at least of what dlcore is apart, else it is a failure. Drawn anew is also one whose
probabilities reach 0 or 1, where the slope of crossentropies on JAX and PyTorch is 0.

SPDX-License-Identifier: MIT"""
import os
import subprocess
import sys
import zipfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ.get("KERAS_FILES_OF") == "tf_keras":
    import tensorflow
    import tf_keras as keras  # Keras 2

    tensorflow.config.run_functions_eagerly(True)  # networks are small: most of the time would be TensorFlow's compiler
else:
    import keras
import h5py
import numpy

L = keras.layers
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])
OLD = VERSION < (3, 0)

ACTIVATIONS = [name for name in (
    "linear relu sigmoid tanh elu selu gelu silu softplus softsign hard_sigmoid mish exponential leaky_relu relu6 "
    "softmax log_softmax hard_silu celu hard_tanh log_sigmoid soft_shrink hard_shrink tanh_shrink squareplus "
    "sparse_plus sparse_sigmoid sparsemax").split() if hasattr(keras.activations, name)]
if OLD:  # what has another formula there
    ACTIVATIONS = [name for name in ACTIVATIONS if name not in ("hard_sigmoid", "silu")]


OUTPUTS, TRAINED = 2e-6, 1e-5
APART, TRIES = 4, 16  # of what Keras itself moves by, in the worst of that many runs


def pick(draw, choices):
    return choices[int(draw.integers(len(choices)))]


def optimizer(draw, steps):
    rate = float(draw.choice([1e-3, 3e-3]))
    schedules = [
        lambda: keras.optimizers.schedules.ExponentialDecay(rate, 7, 0.9),
        lambda: keras.optimizers.schedules.CosineDecay(rate, 4 * steps),
        lambda: keras.optimizers.schedules.PiecewiseConstantDecay([5, 11], [rate, rate / 2, rate / 3]),
        lambda: keras.optimizers.schedules.PolynomialDecay(rate, 30),
        lambda: keras.optimizers.schedules.InverseTimeDecay(rate, 9, 0.5),
    ]
    options = {"learning_rate": rate if draw.random() < 0.7 else pick(draw, schedules)()}
    common = draw.random()
    if common < 0.15:
        options["clipnorm"] = 0.5
    elif common < 0.25:
        options["global_clipnorm"] = 0.7
    elif common < 0.35:
        options["clipvalue"] = 0.1
    if draw.random() < 0.2:
        options["weight_decay"] = 0.01
    if draw.random() < 0.2:
        options.update(use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=pick(draw, [None, 3]))
    # before 3.10 the state of both together had another order: dlcore reads it (keras_averages.keras among the
    # fixtures), and writes that of today
    if draw.random() < 0.2 and VERSION >= ((3, 10) if "use_ema" in options else (3, 1)):
        options["gradient_accumulation_steps"] = 3
    o = keras.optimizers
    kinds = [
        lambda: o.SGD(**options),
        lambda: o.SGD(momentum=0.9, nesterov=bool(draw.integers(2)), **options),
        lambda: o.RMSprop(**options),
        lambda: o.RMSprop(momentum=0.5, centered=True, **options),
        lambda: o.RMSprop(centered=True, **options),
        lambda: o.Adam(**options),
        lambda: o.Adam(amsgrad=True, **options),
        lambda: o.AdamW(**options),
        lambda: o.Adagrad(**options),
        lambda: o.Adadelta(**options),
        lambda: o.Adamax(**options),
        # before 3.10 its state had another order: dlcore reads it, and writes that of today
        lambda: o.Nadam(**options) if VERSION >= (3, 10) else o.Adam(**options),
    ]
    more = [name for name in ("Lion", "Adafactor", "Ftrl") if hasattr(o, name)]
    if draw.random() < 0.2:
        return getattr(o, pick(draw, more))(**options)
    return pick(draw, kinds)()


def seldom(draw, regularizers):
    """One of the layers that few networks have, as a list."""
    # Keras 3.0.5 and 3.5.0 have no Normalization by one mean for all, and until 3.10.0, unlike Keras 2 and today,
    # Keras does not divide the penalty of activities by the batch.
    mean, variance = ([0.25] * 5, [2.0] * 5) if (3, 0) <= VERSION < (3, 10) else (0.25, 2.0)
    own = regularizers[:2] + (regularizers[1:] and [keras.regularizers.L2(0.01)])
    penalty = 0.0 if (3, 0) <= VERSION < (3, 11) or len(regularizers) == 1 else 1e-3
    choices = [
        lambda: [L.GaussianDropout(0.0)],
        lambda: [L.AlphaDropout(0.0)],
        lambda: [L.ActivityRegularization(l2=penalty)],
        lambda: [L.UnitNormalization()],
        lambda: [L.Softmax()],
        lambda: [L.Reshape((-1,))],
        lambda: [L.Dense(12), L.Reshape((3, 4)), L.Softmax(), L.Activation("tanh"), L.Flatten()],
        lambda: [L.Dense(6), L.Reshape((2, 3)), L.Activation("softmax"), L.Reshape((6,))],
        lambda: [L.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.25)],
        lambda: [L.Dense(5), L.Normalization(mean=mean, variance=variance)],
        lambda: [L.PReLU(alpha_regularizer=pick(draw, own))],
        lambda: [L.BatchNormalization(gamma_regularizer=pick(draw, regularizers), beta_constraint="max_norm")],
    ]
    if not OLD:
        choices.append(lambda: [L.Dense(5), L.Normalization(mean=mean, variance=variance, invert=True)])
    if (3, 5) <= VERSION < (3, 9):  # 3.0.5 does not save it
        choices.append(lambda: [L.LayerNormalization(rms_scaling=True)])
    if hasattr(L, "RMSNormalization"):
        choices.append(lambda: [L.RMSNormalization()])
    return pick(draw, choices)()


def network(draw):
    """Layers, the width of samples, and what the last layer is for."""
    width = int(draw.integers(2, 12))
    layers, adapt = [], []
    if draw.random() < 0.3:
        layers.append(L.Flatten())
    if draw.random() < 0.3:
        layers.append(L.Rescaling(0.5, offset=float(draw.choice([0.0, -0.25]))))
    if draw.random() < 0.3:
        adapt.append(len(layers))
        layers.append(L.Normalization())
    # before 3.3 Keras's training on JAX adds the losses of regularizers twice
    regularizers = [None, None, "l2", keras.regularizers.L1L2(1e-4, 1e-3)]
    if (3, 0) <= VERSION < (3, 3):
        regularizers = [None]
    regular = lambda: pick(draw, regularizers)
    limit = lambda: pick(draw, [None, None, None, keras.constraints.MaxNorm(1.5), keras.constraints.NonNeg()])
    for _ in range(int(draw.integers(1, 5))):
        units = int(draw.integers(1, 40))
        layers.append(L.Dense(units, activation=pick(draw, ACTIVATIONS), use_bias=bool(draw.random() < 0.8),
                              kernel_regularizer=regular(), kernel_constraint=limit(),
                              bias_regularizer=regular()))
        # NonNeg holds weights at exactly 0, where Keras's backends differ in the slope of L1: on JAX it is
        # 1, on TensorFlow and PyTorch 0, as in dlcore.
        if isinstance(layers[-1].kernel_constraint, keras.constraints.NonNeg) and layers[-1].kernel_regularizer:
            layers[-1].kernel_regularizer = keras.regularizers.L2(0.01)
        extra = draw.random()
        if extra < 0.15:
            layers.append(L.BatchNormalization(center=bool(draw.integers(2)), scale=bool(draw.integers(2)),
                                               momentum=0.9))
        elif extra < 0.3:
            layers.append(L.LayerNormalization(center=bool(draw.integers(2)), scale=bool(draw.integers(2))))
        elif extra < 0.4:
            layers.append(L.PReLU())
        elif extra < 0.48:
            layers.append(L.LeakyReLU(0.1))
        elif extra < 0.54:
            layers.append(L.ELU(0.7))
        elif extra < 0.6:
            layers.append(L.ReLU(max_value=pick(draw, [None, 6.0])))
        elif extra < 0.65:
            layers.append(L.Activation(pick(draw, ACTIVATIONS)))
        elif extra < 0.7:
            layers.append(L.Dropout(0.0))
        elif extra < 0.75:
            layers.append(L.GaussianNoise(0.0))
        elif extra < 0.9:
            layers += seldom(draw, regularizers)
        # Keras 3.0 and 3.1 train a layer that was frozen before it was built, as is one from a file; 3.5 does not.
        if draw.random() < 0.1 and not (3, 0) <= VERSION < (3, 5):
            layers[-1].trainable = False
    purpose = pick(draw, ["classes", "bits", "numbers"])
    if purpose == "classes":
        units = int(draw.integers(2, 8))
        layers.append(L.Dense(units, activation="softmax"))
    elif purpose == "bits":
        units = 1
        layers.append(L.Dense(1, activation="sigmoid"))
    else:
        units = int(draw.integers(1, 5))
        glu = VERSION >= (3, 8) and hasattr(keras.activations, "glu") and draw.random() < 0.2
        layers.append(L.Dense(2 * units, activation="glu") if glu else L.Dense(units))
    return layers, adapt, width, units, purpose


def make(seed):
    draw = numpy.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    layers, adapt, width, units, purpose = network(draw)
    samples, batch = int(draw.integers(20, 70)), int(draw.integers(5, 33))
    x = draw.normal(0.3, 1, size=(samples, width)).astype("float32")
    if purpose == "classes":
        y = draw.integers(0, units, samples).astype("int32")
        loss, metrics = "sparse_categorical_crossentropy", ["accuracy"]
    elif purpose == "bits":
        y = draw.integers(0, 2, (samples, 1)).astype("float32")
        loss = pick(draw, ["binary_crossentropy", keras.losses.BinaryCrossentropy(label_smoothing=0.1),
                           keras.losses.BinaryFocalCrossentropy()])
        metrics = pick(draw, [["accuracy"], [keras.metrics.AUC(), keras.metrics.Precision()]])
    else:  # Keras saves no delta of Huber
        y = draw.normal(size=(samples, units)).astype("float32")
        loss = pick(draw, ["mse", "mae", keras.losses.Huber(), "log_cosh", keras.losses.CosineSimilarity()])
        metrics = pick(draw, [[], ["mae"], [keras.metrics.RootMeanSquaredError()]])
    for i in adapt:  # by copies: Keras 3.0.5 cannot load its own file of a model whose layers were called before
        copies = [type(layer).from_config(layer.get_config()) for layer in layers[:i]]
        before = keras.Sequential([keras.Input((width,))] + copies) if i else None
        layers[i].adapt(before.predict(x, verbose=0) if before else x)
    if draw.random() < 0.4:
        inputs = keras.Input((width,))
        outputs = inputs
        for layer in layers:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    else:
        model = keras.Sequential([keras.Input((width,))] + layers)
    model.compile(optimizer(draw, 3 * (samples // batch + 1)), loss, metrics=metrics)
    return model, x, y, batch


def weights(model):
    """But for those of normalizations, which are constants where these were given their numbers."""
    return [w for layer in model.layers if not isinstance(layer, L.Normalization) for w in layer.weights]


def variables(model):
    """The optimizer's, but for momenta that Keras 2 keeps for plain SGD, and uses for nothing."""
    found = list(model.optimizer.variables)
    if OLD and isinstance(model.optimizer, keras.optimizers.SGD) and not model.optimizer.momentum:
        return found[:-len(model.trainable_variables)]
    return found


def state(model):
    return [v.numpy() if OLD else keras.ops.convert_to_numpy(v) for v in weights(model) + variables(model)]


def apart(a, b):
    """Normwise, the larger of what weights and the optimizer's state are apart."""
    assert [one.shape for one in a] == [other.shape for other in b]
    worst = 0.0
    for part in (slice(0, WEIGHTS), slice(WEIGHTS, None)):
        one, other = (numpy.concatenate([v.ravel().astype("float64") for v in s[part] if v.ndim] or [numpy.zeros(1)])
                      for s in (a, b))
        if numpy.linalg.norm(other) > 0:
            worst = max(worst, numpy.linalg.norm(one - other) / numpy.linalg.norm(other))
    return worst


def tool(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}: {done.stderr}")


def fit(model, x, y, batch, epochs):
    model.fit(x, y, batch_size=batch, epochs=epochs, shuffle=False, verbose=0)


def difference(found, expected):
    return numpy.abs(found - expected).max() / max(1.0, numpy.abs(expected).max())


def perturbed(draw, batch, x, y):
    """Outputs, and ten more epochs, of the saved model with every weight some roundings away, 0 too: JAX has 1
    as the slope of |w| there, for an L1 penalty of a weight that a constraint keeps at 0."""
    model = keras.models.load_model(SAVED)
    model.set_weights([(w * (1 + 3e-7 * draw.choice([-1.0, 1.0], w.shape)) + 1e-12 * draw.choice([-1.0, 1.0], w.shape))
                       .astype(w.dtype) if w.dtype == "float32" else w for w in model.get_weights()])
    outputs = model.predict(x, verbose=0)
    fit(model, x, y, batch, 5)
    fit(model, x, y, batch, 5)
    return outputs, state(model)


def amplified(seed, x, y, batch, expected, ten, found):
    """How far Keras itself gets from roundings, as where a sample crosses a kink, and whether what was found is of
    that size."""
    draw = numpy.random.default_rng(seed)
    worst = numpy.zeros(2)
    for _ in range(TRIES):
        outputs, trained = perturbed(draw, batch, x, y)
        moved = difference(outputs, expected), apart(trained, ten)
        worst = numpy.fmax(worst, [m if numpy.isfinite(m) else numpy.inf for m in moved])
        if all(numpy.array(found) <= numpy.fmax([OUTPUTS, TRAINED], APART * worst)):
            return True, "outputs %.1e, 10 epochs %.1e" % tuple(worst)
    return False, "outputs %.1e, 10 epochs %.1e" % tuple(worst)


def clips(outputs, y):
    """Whether a probability is one that Keras clips. On TensorFlow its crossentropies go back to the logits,
    as dlcore's do; on JAX and PyTorch nothing of such a sample is trained."""
    if y.dtype == "int32":
        outputs = numpy.take_along_axis(outputs, y[:, None], 1)
    elif not numpy.isin(y, (0, 1)).all():
        return False
    return (numpy.minimum(outputs, 1 - outputs) < 1e-6).any()


def back_and_on(five, ten, x, y, batch):
    """dlcore's file in Keras: at once, and after five epochs more."""
    back = keras.models.load_model("b.keras")
    here = apart(state(back), five)
    fit(back, x, y, batch, 5)
    return here, apart(state(back), ten)


def state_written(model):
    """The optimizer's variables in dlcore's file, as Keras 2 has them: without the learning rate, and without a
    number for what is not used."""
    with h5py.File("model.weights.h5") as file:
        group = file["optimizer/vars"]
        arrays = [group[str(i)][()] for i in range(len(group))]
    arrays = arrays[:1] + [array for array in arrays[1:] if array.ndim]
    return arrays + [v.numpy() for v in list(model.optimizer.variables)[len(variables(model)):]]


def old(model, five, ten, x, y, batch):
    """Likewise with Keras 2, which opens none of dlcore's files: the same model anew, before it is compiled, loads
    the weights of one; then its optimizer is given the state by hand."""
    with zipfile.ZipFile("b.keras") as archive:
        archive.extract("model.weights.h5")
    back = type(model).from_config(model.get_config())
    with h5py.File("model.weights.h5", "r+") as file:
        names = ["normalization"] + [f"normalization_{i}" for i in range(1, 20)]
        for layer, name in zip([n for n in back.layers if isinstance(n, L.Normalization)], names):
            if layer.input_mean is not None:  # constants of the config there; dlcore's file has them as weights
                del file[f"layers/{name}/vars"]
                file.create_group(f"layers/{name}/vars")
    back.load_weights("model.weights.h5")
    back.compile_from_config(model.get_compile_config())
    back.optimizer.build(back.trainable_variables)
    back.optimizer.set_weights(state_written(back))
    here = apart(state(back), five)
    fit(back, x, y, batch, 5)
    return here, apart(state(back), ten)


def attempt(seed):
    """One network: its figures; or why it is drawn anew, where Keras itself amplifies roundings, or fails."""
    global SAVED, WEIGHTS
    SAVED = "a.h5" if OLD and seed % 2 else "a.keras"
    model, x, y, batch = make(seed)
    numpy.save("x.npy", x)
    numpy.save("y.npy", y)
    try:
        fit(model, x, y, batch, 3)
        model.save(SAVED)
        expected = model.predict(x, verbose=0)
        fit(model, x, y, batch, 5)
        five = state(model)
        fit(model, x, y, batch, 5)
    except (TypeError, ValueError) as error:
        return "Keras: %.100s" % str(error).replace("\n", " ")
    ten = state(model)
    if not all(numpy.isfinite(v).all() for v in ten):  # as of a cosine of zeros on JAX
        return "not finite"
    WEIGHTS = len(weights(model))
    tool(sys.argv[1], SAVED, "x.npy", "y.npy", "5", str(batch), "p.npy", "b.keras")
    predictions = difference(numpy.load("p.npy"), expected)
    here, there = old(model, five, ten, x, y, batch) if OLD else back_and_on(five, ten, x, y, batch)
    figures = f"outputs {predictions:.1e}, 5 epochs in dlcore {here:.1e}, 5 more in Keras {there:.1e}"
    if max(here, there) > TRAINED and not OLD and (clips(expected, y) or clips(model.predict(x, verbose=0), y)):
        return f"{figures}: probabilities of 0 or 1"
    if predictions > OUTPUTS or max(here, there) > TRAINED:
        so, moved = amplified(seed, x, y, batch, expected, ten, (predictions, max(here, there)))
        figures += f"; Keras from roundings: {moved}"
        if so:
            return figures
    print(f"{seed}: {type(model).__name__} {len(model.layers)} layers, {type(model.optimizer).__name__}: {figures}",
          flush=True)
    return predictions, here, there


def main():
    os.chdir(sys.argv[2])
    seed, figures = int(sys.argv[3]), []
    while len(figures) < int(sys.argv[4]):
        found = attempt(seed)
        if isinstance(found, str):
            print(f"{seed}: drawn anew: {found}", flush=True)
        else:
            figures.append(found)
        seed += 1
    worst = [max(f[i] for f in figures) for i in range(3)]
    print("Keras %s, %d networks of %d: worst: outputs %.1e, 5 epochs in dlcore %.1e, 5 more in Keras %.1e" % (
        keras.__version__, len(figures), seed - int(sys.argv[3]), *worst))
    return worst[0] > OUTPUTS or max(worst[1:]) > TRAINED


sys.exit(1 if main() else 0)  # numpy.bool is no status
