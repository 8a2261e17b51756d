"""Times training steps of the same network in Keras or PyTorch on generated input; prints a JSON line as `train --benchmark`.

usage: framework_steps.py keras|keras-time-distributed|torch WEIGHTS [--threads N] [--steps N] [--batch N]
                          [--device cuda] [--precision fp32|tf32|bf16] [--variant eager|compile|graph]
WEIGHTS is a file of `peculiar-worker export-weights`; its configuration is used.
"""
import argparse
import functools
import json
import os
import resource
import statistics
import struct
import time


def read_config(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(json.loads(file.read(length))["__metadata__"]["config"])


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def keras_step(config, batch, threads, time_distributed=False):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import numpy as np
    import tensorflow as tf
    import keras_network
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    before = resident_bytes()
    model = keras_network.build(config, time_distributed)
    optimiser = keras.optimizers.Adagrad(0.001)
    cubes = tf.constant(np.random.default_rng(1).normal(size=(batch, config["channels"], config["size"], config["size"], 1)),
                        tf.float32)

    @tf.function  # without XLA, as Keras's own fit on a machine that has a CPU alone
    def step():
        noise = tf.random.normal((batch, config["latent"]))
        with tf.GradientTape() as tape:
            total, _, _ = keras_network.losses(config, cubes, model([cubes, noise], training=True))
        optimiser.apply(tape.gradient(total, model.trainable_weights), model.trainable_weights)
        return total

    return lambda: float(step()), before


def torch_step(config, batch, threads, device="cpu", precision="fp32", variant="eager"):
    """variant: eager, compile (torch.compile of a ConvLSTM's step and of the blocks around; of the whole it takes longer than
    an hour of training) or graph (the eager step in one CUDA graph)"""
    import torch
    import torch_network
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    before = resident_bytes()
    model = torch_network.Autoencoder(config).to(device)
    optimiser = torch.optim.Adagrad(model.parameters(), 0.001, initial_accumulator_value=0.1, eps=1e-7,
                                    **({"foreach": True} if device != "cpu" else {}))
    cubes = torch.randn(batch, config["channels"], config["size"], config["size"], device=device)

    def loss_of(cubes):
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16"):
            reconstruction, kl = model(cubes)
        error = (cubes - reconstruction.float()).abs()
        return error.sum() / batch + config["beta"] * kl if config["kind"] == "vae" else error.mean()

    if variant == "compile":
        for lstm in model.lstms:
            lstm.step = torch.compile(lstm.step)
        model.slices, model.decoder = torch.compile(model.slices), torch.compile(model.decoder)

    def eager():
        optimiser.zero_grad()
        loss = loss_of(cubes)
        loss.backward()
        optimiser.step()
        return loss

    if variant != "graph":
        return lambda: eager().item(), before
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            eager()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    optimiser.zero_grad()
    with torch.cuda.graph(graph):
        loss = loss_of(cubes)
        loss.backward()

    def replay():
        graph.replay()
        optimiser.step()
        return loss.item()

    return replay, before


STEPS = {"keras": keras_step, "torch": torch_step,
         "keras-time-distributed": functools.partial(keras_step, time_distributed=True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", choices=STEPS)
    parser.add_argument("weights")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu", help="torch alone: cuda")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32", help="torch on a GPU alone")
    parser.add_argument("--variant", choices=("eager", "compile", "graph"), default="eager", help="torch alone")
    arguments = parser.parse_args()
    config = read_config(arguments.weights)
    how = {name: getattr(arguments, name) for name in ("device", "precision", "variant")}
    step, before = STEPS[arguments.framework](config, arguments.batch, arguments.threads,
                                              **(how if arguments.framework == "torch" else {}))
    step()  # traces the graph, fills caches
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    if arguments.device != "cpu":
        import torch
        memory = torch.cuda.max_memory_reserved()
    print(json.dumps({"engine": arguments.framework, "variant": arguments.variant, "precision": arguments.precision,
                      "preset": config["preset"], "kind": config["kind"], "device": arguments.device, "batch": arguments.batch, "threads": arguments.threads, "median_seconds": statistics.median(seconds),
                      "min_seconds": min(seconds),
                      "peak_memory_bytes": memory}))


if __name__ == "__main__":
    main()
