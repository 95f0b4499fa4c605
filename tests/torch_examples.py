"""The four examples of training loops, computed again by PyTorch from the weights and data that they
record: what they end with must agree within 1e-5 of 1 + its size.

    torch_examples.py BUILD_FOLDER    (a Python with torch, numpy and safetensors)

SPDX-License-Identifier: MIT
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

LIMIT = 1e-5
build = Path(sys.argv[1])
failed = False
torch.set_num_threads(1)


class Recorded:
    """What a program has written."""

    def __init__(self, program):
        self.folder = Path(tempfile.mkdtemp())
        subprocess.run([build / "examples" / program, self.folder], check=True)

    def matrix(self, name):
        return torch.from_numpy(np.load(self.folder / f"{name}.npy"))

    def weights(self, name):
        tensors = load_file(self.folder / f"{name}.safetensors")
        names = dict.fromkeys(key.split("/")[0] for key in tensors)
        ordered = sorted(names, key=lambda n: int(n.rsplit("_", 1)[1]) if "_" in n else 0)
        return [
            torch.from_numpy(tensors[f"{n}/{part}"]).requires_grad_()
            for n in ordered
            for part in ("kernel", "bias")
        ]


def forward(weights, x, activations):
    outputs = []
    for i, activation in enumerate(activations):
        x = activation(x @ weights[2 * i] + weights[2 * i + 1])
        outputs.append(x)
    return outputs


def plain(x):
    return x


def agree(what, ours, theirs):
    global failed
    apart = float(((ours - theirs).abs() / (1 + theirs.abs())).max())
    print(f"  {what}: {apart:.1e}")
    failed |= not apart <= LIMIT


def agree_weights(ours, theirs):
    for i, (a, b) in enumerate(zip(ours, theirs)):
        agree(f"weights {i}", a.detach(), b.detach())


def autoencoder():
    seen = Recorded("autoencoder")
    weights, x = seen.weights("start"), seen.matrix("x")
    layers = [torch.tanh, torch.tanh, torch.tanh, plain]
    optimizer = torch.optim.SGD(weights, lr=0.2, momentum=0.9)
    for _ in range(150):
        optimizer.zero_grad()
        error = forward(weights, x, layers)[-1] - x
        ((error * error + 0.01).sqrt() - 0.1).mean().backward()
        optimizer.step()
    agree_weights(seen.weights("end"), weights)
    outputs = forward(weights, x, layers)
    agree("code", seen.matrix("code"), outputs[1].detach())
    agree("outputs", seen.matrix("y"), outputs[-1].detach())


def adversarial():
    seen = Recorded("adversarial")
    weights, x, labels = seen.weights("start"), seen.matrix("x"), seen.matrix("labels")
    optimizer = torch.optim.SGD(weights, lr=0.3)
    loss = torch.nn.BCEWithLogitsLoss()
    for _ in range(200):
        optimizer.zero_grad()
        loss(forward(weights, x, [torch.tanh, plain])[-1], labels).backward()
        optimizer.step()
    agree_weights(seen.weights("end"), weights)
    x.requires_grad_()
    loss(forward(weights, x, [torch.tanh, plain])[-1], labels).backward()
    # the gradients of a mean of many samples are small: compared with their largest
    largest = x.grad.abs().max()
    agree("gradients by the inputs", seen.matrix("dx") / largest, x.grad / largest)


def transfer():
    seen = Recorded("transfer")
    body, head, labels = seen.weights("body"), seen.weights("start"), seen.matrix("labels")
    features = forward(body, seen.matrix("x"), [torch.tanh, torch.tanh])[-1].detach()
    agree("features", seen.matrix("features"), features)
    optimizer = torch.optim.SGD(head, lr=0.3, momentum=0.9)
    for _ in range(300):
        optimizer.zero_grad()
        logits = forward(head, features, [plain])[-1]
        torch.nn.functional.binary_cross_entropy_with_logits(logits, labels).backward()
        optimizer.step()
    agree_weights(seen.weights("end"), head)


def policy_gradient():
    seen = Recorded("policy_gradient")
    weights, x, labels = seen.weights("start"), seen.matrix("x"), seen.matrix("labels")
    optimizer = torch.optim.SGD(weights, lr=0.5, momentum=0.9)
    batch = 40 * 8
    for begin in range(0, len(x), batch):
        states, label = x[begin : begin + batch], labels[begin : begin + batch]
        optimizer.zero_grad()
        logits = forward(weights, states, [torch.tanh, plain])[-1]
        surprise = torch.nn.functional.cross_entropy(logits, label[:, 0].long(), reduction="none")
        (label[:, 1] * surprise).mean().backward()
        optimizer.step()
    agree_weights(seen.weights("end"), weights)


for example in (autoencoder, adversarial, transfer, policy_gradient):
    print(example.__name__)
    example()
sys.exit("torch_examples: further apart than 1e-5" if failed else 0)
