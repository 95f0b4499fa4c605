"""PyTorch, eager and compiled, in float32 and under autocast to bfloat16, on
the cases of dlcore_bench.

RMSprop is Keras's (alpha 0.9, epsilon 1e-7), in the faster of PyTorch's loop
over parameters and its foreach form.

SPDX-License-Identifier: MIT
"""
import common

ARGUMENTS = common.parse_arguments(__doc__)
common.limit_threads(ARGUMENTS.threads)
try:
    import torch
except ImportError:
    common.missing("PyTorch")

VERSION = torch.__version__


def make_network(case):
    """Layers up to the logits, which the losses take."""
    hidden = torch.nn.Tanh if case.head == "yes-or-no" else torch.nn.ReLU
    layers = []
    for inputs, units in zip(case.widths, case.widths[1:]):
        layers += [torch.nn.Linear(inputs, units), hidden()]
    return torch.nn.Sequential(*layers[:-1])


LOSSES = {
    "classes": torch.nn.functional.cross_entropy,
    "yes-or-no": torch.nn.functional.binary_cross_entropy_with_logits,
    "numbers": torch.nn.functional.mse_loss,
}
LAST = {
    "classes": lambda logits: torch.softmax(logits, 1),
    "yes-or-no": torch.sigmoid,
    "numbers": lambda outputs: outputs,
}


def cast(half):
    """What the forward pass runs under."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=half)


def make_step(case, foreach, compiled, half):
    """A function of a batch that trains by one step."""
    network = make_network(case)
    optimizer = torch.optim.RMSprop(network.parameters(), lr=0.001, alpha=0.9,
                                    eps=1e-7, foreach=foreach)
    loss = LOSSES[case.head]

    def forward(x, y):
        with cast(half):
            return loss(network(x).float(), y)

    update = optimizer.step
    if compiled:
        forward = torch.compile(forward)
        update = torch.compile(update)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        forward(x, y).backward()
        update()

    return step


def time_training(case, foreach, compiled, half):
    """Seconds per step."""
    batches = common.batch_count(case)
    x = torch.from_numpy(common.features(case, batches * case.batch))
    y = torch.from_numpy(common.targets(case, batches * case.batch))
    if case.head == "classes":
        y = y.long()
    pairs = list(zip(x.split(case.batch), y.split(case.batch)))
    step = make_step(case, foreach, compiled, half)

    position = 0

    def run(count):
        nonlocal position
        for _ in range(count):
            step(*pairs[position])
            position = (position + 1) % len(pairs)

    return common.measure(run, 1, ARGUMENTS.quick)


def time_epoch(case, foreach, compiled, half):
    """Seconds per epoch of MNIST, uint8 images scaled batch by batch."""
    images, labels = common.mnist(ARGUMENTS.data)
    images = torch.from_numpy(images)
    labels = torch.from_numpy(labels).long()
    step = make_step(case, foreach, compiled, half)

    def run(count):
        for _ in range(count):
            order = torch.randperm(len(images))
            for index in order.split(case.batch):
                step(images[index].float().mul_(1 / 255), labels[index])

    return common.measure(run, 1, ARGUMENTS.quick)


def time_prediction(case, compiled, half):
    """Seconds per call."""
    network = make_network(case).eval()
    last = LAST[case.head]

    def forward(x):
        with cast(half):
            return last(network(x).float())

    if compiled:
        forward = torch.compile(forward)
    x = torch.from_numpy(common.features(case, case.batch))

    def run(count):
        with torch.inference_mode():
            for _ in range(count):
                forward(x)

    return common.measure(run, 1, ARGUMENTS.quick)


def measure_case(case, compiled, half):
    """Seconds, and which way of the optimizer was the fastest."""
    if case.work == "predict":
        return time_prediction(case, compiled, half), ""
    work = time_epoch if case.work == "epoch" else time_training
    variants = {"foreach": True}
    if not compiled and not ARGUMENTS.quick:
        variants["loop"] = False
    times = {name: work(case, foreach, compiled, half)
             for name, foreach in variants.items()}
    variant = min(times, key=times.get)
    return times[variant], variant


def main():
    """Measures each case eager, then compiled; wide ones in bfloat16, too."""
    torch.set_num_threads(ARGUMENTS.threads)
    for case in common.chosen(ARGUMENTS):
        for half in (False, True) if max(case.widths) > 64 else (False,):
            for compiled in (False, True):
                peer = "PyTorch compiled" if compiled else "PyTorch eager"
                torch.compiler.reset()
                seconds, variant = measure_case(case, compiled, half)
                common.report(case, peer + (" bf16" if half else ""), VERSION,
                              ARGUMENTS.threads, seconds, variant=variant)


if __name__ == "__main__":
    main()
