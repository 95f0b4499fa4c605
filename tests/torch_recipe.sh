#!/bin/sh
# README's recipes for weights from PyTorch and back, run as they are printed there, with real torch:
# dlcore predicts what torch does, and torch takes what dlcore saves. Not one of ctest's tests,
# because it needs a Python that has torch, safetensors and numpy.
#
#   [DLCORE_TORCH_PYTHON=PYTHON] tests/torch_recipe.sh BUILD_FOLDER
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
python=${DLCORE_TORCH_PYTHON:-python3}
tool=$build/tests/torch_models
work=$build/torch-recipe
test -x "$tool" || {
    echo "torch_recipe: no $tool: build dlcore with its tests first" >&2
    exit 1
}
mkdir -p "$work"
if ! "$python" -c 'import numpy, safetensors, torch' > "$work/log" 2>&1; then
    echo "torch_recipe: SKIPPED ($python has no torch, safetensors and numpy: set DLCORE_TORCH_PYTHON)"
    exit 77
fi

# recipe NAME: the code after the line <!-- NAME --> of README.md.
recipe() {
    awk -v mark="<!-- $1 -->" '$0 == mark {marked = 1; next}
        marked && /^```/ {if (inside) exit; inside = 1; next}
        inside' "$top/README.md" > "$work/$1.py"
    test -s "$work/$1.py" || {
        echo "torch_recipe: README.md has no recipe \"$1\"" >&2
        exit 1
    }
}
recipe from-torch
recipe to-torch

cd "$work"
cat > run.py << 'PYTHON'
"""40 random networks: to dlcore, its predictions, and back, in every dtype and under a prefix."""

import random
import subprocess
import sys

import numpy
import torch

nn = torch.nn
draw = random.Random(7)
torch.manual_seed(7)
ACTIVATIONS = {
    "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "elu": nn.ELU, "selu": nn.SELU,
    "gelu": nn.GELU, "silu": nn.SiLU, "mish": nn.Mish, "softplus": nn.Softplus,
    "softsign": nn.Softsign,
}


def network():
    """Modules of an nn.Sequential, and the lines that dlcore makes the same layers of."""
    width = inputs = draw.randint(1, 40)
    modules, lines = [], []
    for _ in range(draw.randint(1, 5)):
        kind = draw.choice(["dense", "dense", "dense", "bn", "ln", "prelu", "dropout", "activation"])
        if kind == "dense":
            units, bias = draw.choice([width, draw.randint(1, 70)]), draw.random() < 0.8
            activation = draw.choice(["linear", *ACTIVATIONS])
            modules.append(nn.Linear(width, units, bias=bias))
            if activation != "linear":
                modules.append(ACTIVATIONS[activation]())
            lines.append(f"dense {units} {activation} {int(bias)}")
            width = units
        elif kind == "bn":
            modules.append(nn.BatchNorm1d(width, eps=1e-4))
            lines.append("batch_normalization 1e-4")
        elif kind == "ln":
            modules.append(nn.LayerNorm(width))
            lines.append("layer_normalization 1e-5")
        elif kind == "prelu":
            modules.append(nn.PReLU(width))
            lines.append("prelu")
        elif kind == "dropout":
            modules.append(nn.Dropout(0.5))
            lines.append("dropout")
        else:
            modules.append(nn.Softplus())
            lines.append("activation softplus")
    modules.append(nn.Linear(width, draw.randint(1, 9)))
    lines.append(f"dense {modules[-1].out_features} linear 1")
    return inputs, modules, lines


def scatter(model):
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dtype.is_floating_point:
                low, high = (0.25, 1.25) if "running_var" in name else (-0.5, 0.5)
                tensor.uniform_(low, high)


def steps(recipe, model):
    exec(compile(open(f"{recipe}.py").read(), f"{recipe}.py", "exec"), {"model": model})


largest = 0.0
for number in range(40):
    inputs, modules, lines = network()
    model = nn.Sequential(*modules)
    scatter(model)
    dtype = [torch.float32, torch.float32, torch.float64, torch.bfloat16, torch.float16][number % 5]
    model.to(dtype)
    steps("from-torch", model if number % 2 == 0 else nn.ModuleDict({"net": model}))
    model.float().eval()
    x = torch.randn(7, inputs)
    numpy.save("x.npy", x.numpy())
    open("layers.txt", "w").write("\n".join(lines) + "\n")
    subprocess.run(
        [sys.argv[1], "layers.txt", str(inputs), "from_torch.safetensors", "x.npy", "y.npy",
         "to_torch.safetensors"], check=True, stdout=open("report.txt", "w"))
    expected = model(x).detach().numpy()
    found = numpy.load("y.npy")
    scale = max(1.0, abs(expected).max())
    assert found.shape == expected.shape, (found.shape, expected.shape)
    assert abs(found - expected).max() <= 2e-6 * scale, (number, lines, abs(found - expected).max())
    largest = max(largest, abs(found - expected).max() / scale)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    scatter(model)
    steps("to-torch", model)
    for name, tensor in model.state_dict().items():
        assert "num_batches_tracked" in name or torch.equal(tensor, before[name]), (number, name)
print(f"40 networks, largest difference {largest:.1e}")
PYTHON
"$python" run.py "$tool"
echo "torch_recipe: passed"
