#!/bin/sh
# README's recipes for models to and from Keras, run as they are printed there, with real Keras: its
# predictions are dlcore's, both ways. Not one of ctest's tests, because it needs Python 3 and the
# network.
#
#   tests/keras_recipe.sh BUILD_FOLDER
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$(CDPATH='' cd -- "$1" && pwd)
tool=$build/tests/model_files
work=$build/keras-recipe
test -x "$tool" || {
    echo "keras_recipe: no $tool: build dlcore with its tests first" >&2
    exit 1
}
mkdir -p "$work"
python_with "$work" keras==3.15.1 jax safetensors

# recipe NAME: the code after the line <!-- NAME --> of README.md.
recipe() {
    awk -v mark="<!-- $1 -->" '$0 == mark {marked = 1; next}
        marked && /^```/ {if (inside) exit; inside = 1; next}
        inside' "$top/README.md" > "$work/$1.py"
    test -s "$work/$1.py" || {
        echo "keras_recipe: README.md has no recipe \"$1\"" >&2
        exit 1
    }
}

# run_python FILE...: runs them as one program in the folder of the recipes.
run_python() {
    cat "$@" > program.py
    KERAS_BACKEND=jax TF_CPP_MIN_LOG_LEVEL=3 "$python" program.py
}

recipe to-keras
recipe from-keras
"$tool" training "$work/model.safetensors" "$work/end.safetensors"
cd "$work"

# A model of dlcore: its file has an input with the output that dlcore gave for it.
cat > compare.py << 'PYTHON'
import numpy
from safetensors.numpy import load_file

numbers = load_file(compared)
x, y = numbers["dlcore/self_test/x"], numbers["dlcore/self_test/y"]
found = model.predict(x, verbose=0)
assert found.shape == y.shape, (found.shape, y.shape)
assert numpy.abs(found - y).max() <= 2e-6 * max(1, numpy.abs(y).max()), numpy.abs(found - y).max()
print(f"{compared}: {len(model.layers)} layers, largest difference {numpy.abs(found - y).max():.1e}")
PYTHON
echo 'compared = "model.safetensors"' > name.py
run_python to-keras.py name.py compare.py

# A model of Keras, trained there; dlcore loads it and saves it with its own output.
cat > make.py << 'PYTHON'
import keras
import numpy

keras.utils.set_random_seed(7)
draw = numpy.random.default_rng(7)
x = draw.normal(3, 2, size=(200, 20))
normalization = keras.layers.Normalization()
normalization.adapt(x)
model = keras.Sequential([
    keras.Input((20,)),
    normalization,
    keras.layers.Dense(32, activation="relu", kernel_regularizer="l2"),
    keras.layers.BatchNormalization(),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(16),
    keras.layers.LeakyReLU(negative_slope=0.1),
    keras.layers.LayerNormalization(),
    keras.layers.Dense(3, activation="softmax"),
])
model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy",
              metrics=["accuracy"])
model.fit(x, draw.integers(0, 3, 200), epochs=3, verbose=0)
PYTHON
echo 'model.save("model.keras")' > keep.py
run_python make.py from-keras.py keep.py
"$tool" copy from_keras.safetensors copied.safetensors
echo 'import keras; model = keras.models.load_model("model.keras"); compared = "copied.safetensors"' \
    > name.py
run_python name.py compare.py
echo "keras_recipe: passed"
