"""The network of core/network built from Keras's own layers, with weights of `peculiar-worker export-weights`.

"Wavelength-distributed" is TimeDistributed in Keras. That runs over time in a Python loop that slices its input; the
gradient of each slice is a tensor as large as that whole input, so memory is quadratic in time: 2 GB a cube of the preset
small. Otherwise the convolutions see all slices as one batch, [B T, H, W, C]: 0.2 GB a cube.
"""
import json
import struct

import keras
import numpy as np
from keras import layers, ops


def read_safetensors(path):
    """({name: array}, network config) of a file of export-weights."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    config = json.loads(header.pop("__metadata__")["config"])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], "<f4").reshape(entry["shape"])
    return tensors, config


def hard_sigmoid(x):
    """TensorFlow's until 2.14; Keras 3 has relu6(x + 3) / 6."""
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


class WavelengthCode(layers.Layer):
    """Adds a trained vector a slice: [B, flat] -> [B, T, flat]."""

    def __init__(self, channels, learned, **options):
        super().__init__(**options)
        self.channels, self.learned = channels, learned

    def build(self, shape):
        if self.learned:
            self.code = self.add_weight(name="code", shape=(self.channels, shape[-1]), initializer="uniform")

    def call(self, x):
        repeated = ops.repeat(ops.expand_dims(x, 1), self.channels, axis=1)
        return repeated + self.code if self.learned else repeated


def build(config, time_distributed=False):
    """A Keras model (cubes [B, T, H, W, 1], noise [B, Z]) -> (reconstruction, mean, log variance), whose layers are named
    as our parameters, but for those inside TimeDistributed. For the AE noise is ignored and log variance is zero."""
    size, channels, latent = config["size"], config["channels"], config["latent"]
    grid, features = size // 8, config["lstm_channels"][-1]
    gate = hard_sigmoid if config["recurrent_activation"] == "hard_sigmoid" else "sigmoid"

    def norm(name):
        return layers.LayerNormalization(epsilon=1e-3, name=name + ".norm")

    def sequence(x):
        return x if time_distributed else ops.reshape(x, (-1, channels, *x.shape[1:]))

    def slices(x, *shape):
        return ops.reshape(x, (-1, channels, *shape) if time_distributed else (-1, *shape))

    def on_slices(layer):
        return layers.TimeDistributed(layer) if time_distributed else layer

    cubes, noise = keras.Input((channels, size, size, 1)), keras.Input((latent,))
    x = slices(cubes, size, size, 1)
    for b, width in enumerate(config["conv_channels"], 1):
        for k in range(1, config["convs_per_block"] + 1):
            x = on_slices(layers.Conv2D(width, 3, padding="same", name=f"encoder.conv_block_{b}.conv_{k}"))(x)
        x = norm(f"encoder.conv_block_{b}")(x)
    x = sequence(x)
    for b, width in enumerate(config["lstm_channels"], 1):
        name = f"encoder.lstm_block_{b}"
        x = layers.ConvLSTM2D(width, 3, strides=2, padding="same", activation=config["cell_activation"],
                              recurrent_activation=gate, return_sequences=b < 3, name=name)(x)
        x = norm(name)(x)
    x = layers.Flatten()(x)
    if config["kind"] == "vae":
        mean = layers.Dense(latent, name="latent.mean")(x)
        log_variance = layers.Dense(latent, name="latent.log_variance")(x)
        code = mean + ops.exp(0.5 * log_variance) * noise
    else:
        mean = layers.Dense(latent, name="latent.code")(layers.Dense(config["fc_width"], name="latent.before")(x))
        log_variance = 0 * mean
        code = layers.Dense(config["fc_width"], name="latent.after")(mean)
    x = layers.Dense(grid * grid * features, name="decoder.dense")(code)
    x = WavelengthCode(channels, config["wavelength_code"] == "learned", name="decoder.wavelength_code")(x)
    x = slices(x, grid, grid, features)
    for b, width in enumerate(config["decoder_channels"], 1):
        name = f"decoder.block_{b}"
        x = on_slices(layers.Conv2DTranspose(width, 3, strides=2, padding="same", name=name))(x)
        x = norm(name)(x)
    x = on_slices(layers.Conv2D(1, 3, padding="same", activation="elu", name="decoder.output"))(x)
    return keras.Model([cubes, noise], [sequence(x), mean, log_variance])


def parameter_names(layer):
    """Our names of a layer's weights, in Keras's order."""
    if isinstance(layer, layers.LayerNormalization):
        return [layer.name + ".gamma", layer.name + ".beta"]
    if isinstance(layer, layers.ConvLSTM2D):
        return [layer.name + part for part in (".kernel", ".recurrent_kernel", ".bias")]
    if isinstance(layer, WavelengthCode):
        return [layer.name] if layer.learned else []
    return [layer.name + part for part in (".kernel", ".bias")] if layer.weights else []


def load(model, tensors):
    taken = set()
    for layer in model.layers:
        names = parameter_names(layer)
        layer.set_weights([tensors[name] for name in names])
        taken.update(names)
    assert taken == set(tensors), sorted(taken ^ set(tensors))


def weights(model):
    return {name: value for layer in model.layers for name, value in zip(parameter_names(layer), layer.get_weights())}


def losses(config, cubes, outputs):
    """(total, reconstruction a voxel, KL) as core/model/losses.h."""
    reconstruction, mean, log_variance = outputs
    difference = cubes - reconstruction
    error = ops.mean(ops.abs(difference) if config["loss"] == "mae" else ops.square(difference))
    if config["kind"] == "ae":
        return error, error, 0.0
    kl = -0.5 * ops.mean(ops.sum(1 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=1))
    voxels = config["channels"] * config["size"] ** 2
    return error * voxels + config["beta"] * kl, error, kl
