"""JAX on the cases of dlcore_bench: jit of one step, and of a scan over many.

RMSprop is written out in Keras's form; parameters and state are donated.

SPDX-License-Identifier: MIT
"""
import functools

import common

ARGUMENTS = common.parse_arguments(__doc__)
common.limit_threads(ARGUMENTS.threads)
try:
    import jax
    import jax.numpy as jnp
except ImportError:
    common.missing("JAX")

VERSION = jax.__version__


def make_parameters(case):
    """Kernels and biases, and as many zeros for RMSprop's state."""
    key = jax.random.key(1)
    parameters = []
    for inputs, units in zip(case.widths, case.widths[1:]):
        key, own = jax.random.split(key)
        limit = (6 / (inputs + units)) ** 0.5
        kernel = jax.random.uniform(own, (inputs, units), jnp.float32, -limit,
                                    limit)
        parameters.append((kernel, jnp.zeros(units)))
    return parameters, jax.tree.map(jnp.zeros_like, parameters)


def logits_of(head, parameters, x):
    """The network without its last activation."""
    hidden = jnp.tanh if head == "yes-or-no" else jax.nn.relu
    for kernel, bias in parameters[:-1]:
        x = hidden(x @ kernel + bias)
    kernel, bias = parameters[-1]
    return x @ kernel + bias


def loss_of(head, parameters, x, y):
    """The mean loss of a batch."""
    logits = logits_of(head, parameters, x)
    if head == "classes":
        rows = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)
        return -rows.mean()
    if head == "yes-or-no":
        return (jax.nn.softplus(logits) - y * logits).mean()
    return ((logits - y) ** 2).mean()


def step(head, parameters, state, x, y):
    """One step of RMSprop, learning rate 0.001, rho 0.9, epsilon 1e-7."""
    gradients = jax.grad(functools.partial(loss_of, head))(parameters, x, y)
    state = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * g * g, state, gradients)
    parameters = jax.tree.map(
        lambda w, v, g: w - 0.001 * g * jax.lax.rsqrt(v + 1e-7), parameters,
        state, gradients)
    return parameters, state


@functools.partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def one_step(head, parameters, state, x, y):
    """A step of its own."""
    return step(head, parameters, state, x, y)


@functools.partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def many_steps(head, parameters, state, x, y):
    """A step for each batch, compiled as one."""
    def body(carry, batch):
        return step(head, *carry, *batch), None
    return jax.lax.scan(body, (parameters, state), (x, y))[0]


@functools.partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def one_epoch(batch, parameters, state, images, labels, key):
    """Shuffled batches of uint8 images, the last one shorter."""
    count = len(images)
    order = jax.random.permutation(key, count)
    full = count // batch * batch

    def on(carry, index):
        x = images[index].astype(jnp.float32) * (1 / 255)
        return step("classes", *carry, x, labels[index]), None

    carry = (parameters, state)
    carry = jax.lax.scan(on, carry, order[:full].reshape(-1, batch))[0]
    if full < count:
        carry = on(carry, order[full:])[0]
    return carry


@functools.partial(jax.jit, static_argnums=0)
def predict(head, parameters, x):
    """The network's outputs."""
    logits = logits_of(head, parameters, x)
    if head == "classes":
        return jax.nn.softmax(logits)
    return jax.nn.sigmoid(logits) if head == "yes-or-no" else logits


def time_steps(case):
    """Seconds per step, step by step."""
    batches = common.batch_count(case)
    rows = batches * case.batch
    x = common.features(case, rows)
    y = common.targets(case, rows)
    pairs = [tuple(jnp.asarray(array[i:i + case.batch]) for array in (x, y))
             for i in range(0, rows, case.batch)]
    carry = make_parameters(case)
    position = 0

    def run(count):
        nonlocal carry, position
        for _ in range(count):
            carry = one_step(case.head, *carry, *pairs[position])
            position = (position + 1) % len(pairs)
        jax.block_until_ready(carry)

    return common.measure(run, 1, ARGUMENTS.quick)


def time_scan(case):
    """Seconds per step within a scan."""
    batches = common.batch_count(case)
    rows = batches * case.batch
    x = common.features(case, rows)
    y = common.targets(case, rows)
    x = jnp.asarray(x.reshape(batches, case.batch, *x.shape[1:]))
    y = jnp.asarray(y.reshape(batches, case.batch, *y.shape[1:]))
    carry = make_parameters(case)

    def run(count):
        nonlocal carry
        for _ in range(count):
            carry = many_steps(case.head, *carry, x, y)
        jax.block_until_ready(carry)

    return common.measure(run, batches, ARGUMENTS.quick)


def time_epoch(case):
    """Seconds per epoch of MNIST."""
    images, labels = common.mnist(ARGUMENTS.data)
    images = jnp.asarray(images)
    labels = jnp.asarray(labels)
    carry = make_parameters(case)
    key = jax.random.key(2)

    def run(count):
        nonlocal carry, key
        for _ in range(count):
            key, own = jax.random.split(key)
            carry = one_epoch(case.batch, *carry, images, labels, own)
        jax.block_until_ready(carry)

    return common.measure(run, 1, ARGUMENTS.quick)


def time_prediction(case):
    """Seconds per call, each waited for."""
    parameters, _ = make_parameters(case)
    x = jnp.asarray(common.features(case, case.batch))

    def run(count):
        for _ in range(count):
            predict(case.head, parameters, x).block_until_ready()

    return common.measure(run, 1, ARGUMENTS.quick)


def main():
    """Measures each case."""
    for case in common.chosen(ARGUMENTS):
        if case.work == "train":
            times = {"step": time_steps(case), "scan": time_scan(case)}
        elif case.work == "epoch":
            times = {"scan": time_epoch(case)}
        else:
            times = {"call": time_prediction(case)}
        variant = min(times, key=times.get)
        common.report(case, "JAX jit", VERSION, ARGUMENTS.threads,
                      times[variant], variant=variant)


if __name__ == "__main__":
    main()
