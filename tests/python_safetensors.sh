#!/bin/sh
# The Python package safetensors and dlcore's files: what dlcore saves opens there, under the names,
# shapes and numbers that dlcore has; what is changed there and written back loads here. Not one of
# ctest's tests, because it needs Python 3 and the network.
#
#   tests/python_safetensors.sh BUILD_FOLDER
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$1
tool=$build/tests/model_files
work=$build/python-safetensors
test -x "$tool" || {
    echo "python_safetensors: no $tool: build dlcore with its tests first" >&2
    exit 1
}
mkdir -p "$work"
python_with "$work" safetensors numpy

"$tool" training "$work/model.safetensors" "$work/end.safetensors"
"$tool" list "$work/model.safetensors" > "$work/model.txt"
"$python" - "$work" << 'PYTHON'
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

work = sys.argv[1]


def rows(text):
    for line in open(text):
        name, shape, *numbers = line.split()
        lengths = tuple(int(length) for length in shape.split("x"))
        yield name, numpy.array([float.fromhex(n) for n in numbers], "float32").reshape(lengths)


tensors = load_file(f"{work}/model.safetensors")
with safe_open(f"{work}/model.safetensors", "numpy") as file:
    metadata = file.metadata()
assert metadata["format"] == "dlcore" and "model_config" in metadata, metadata
names = set()
for name, numbers in rows(f"{work}/model.txt"):
    assert tensors[name].dtype == numpy.float32, name
    assert tensors[name].shape == numbers.shape, (name, tensors[name].shape, numbers.shape)
    assert numpy.array_equal(tensors[name], numbers), name
    names.add(name)
for weight in "gamma", "beta", "moving_mean", "moving_variance":
    assert f"batch_normalization/{weight}" in names, names
others = {name.split("/")[0] for name in set(tensors) - names}
assert others <= {"optimizer", "callback", "run", "dlcore"}, others

for name in names:
    tensors[name] = numpy.arange(tensors[name].size, dtype="float32").reshape(
        tensors[name].shape) / 8 + 1
save_file(tensors, f"{work}/edited.safetensors", metadata=metadata)
print(f"{len(names)} weights, {len(tensors)} tensors")
PYTHON
"$tool" list "$work/edited.safetensors" > "$work/edited.txt"
"$python" - "$work" << 'PYTHON'
import sys

import numpy

for line in open(f"{sys.argv[1]}/edited.txt"):
    name, shape, *numbers = line.split()
    assert [float.fromhex(n) for n in numbers] == [i / 8 + 1 for i in range(len(numbers))], name
PYTHON
echo "python_safetensors: passed"
