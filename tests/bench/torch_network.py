"""The network of core/network in PyTorch, written the way its users write a ConvLSTM: a module a cell, a loop over time."""
import torch
from torch import nn
from torch.nn import functional


class LayerNorm(nn.Module):
    """Over the channels of [N, C, H, W]."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-3)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvLstm(nn.Module):
    def __init__(self, inputs, width, linear, hard):
        super().__init__()
        self.width, self.linear, self.hard = width, linear, hard
        self.input = nn.Conv2d(inputs, 4 * width, 3, stride=2)
        self.recurrent = nn.Conv2d(width, 4 * width, 3, padding=1, bias=False)

    def gate(self, x):
        return torch.clamp(0.2 * x + 0.5, 0, 1) if self.hard else torch.sigmoid(x)

    def step(self, x, h, c):
        i, f, g, o = (self.input(functional.pad(x, (0, 1, 0, 1))) + self.recurrent(h)).chunk(4, 1)
        c = self.gate(f) * c + self.gate(i) * (g if self.linear else torch.tanh(g))
        return self.gate(o) * (c if self.linear else torch.tanh(c)), c

    def forward(self, sequence):
        """[B, T, C, H, W] -> [B, T, F, H / 2, W / 2]"""
        batch, _, _, height, width = sequence.shape
        h = c = sequence.new_zeros(batch, self.width, height // 2, width // 2)
        outputs = []
        for x in sequence.unbind(1):  # sequence[:, t] would make the backward quadratic in time
            h, c = self.step(x, h, c)
            outputs.append(h)
        return torch.stack(outputs, 1)


class Autoencoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.vae = config["kind"] == "vae"
        self.grid, self.features = config["size"] // 8, config["lstm_channels"][-1]
        flat, latent, channels = self.grid ** 2 * self.features, config["latent"], config["channels"]
        blocks, width = [], 1
        for outputs in config["conv_channels"]:
            for _ in range(config["convs_per_block"]):
                blocks.append(nn.Conv2d(width, outputs, 3, padding=1))
                width = outputs
            blocks.append(LayerNorm(width))
        self.slices = nn.Sequential(*blocks)
        self.lstms, self.norms = nn.ModuleList(), nn.ModuleList()
        for outputs in config["lstm_channels"]:
            self.lstms.append(ConvLstm(width, outputs, config["cell_activation"] == "linear",
                                       config["recurrent_activation"] == "hard_sigmoid"))
            self.norms.append(LayerNorm(outputs))
            width = outputs
        if self.vae:
            self.mean, self.log_variance = nn.Linear(flat, latent), nn.Linear(flat, latent)
        else:
            self.before, self.code = nn.Linear(flat, config["fc_width"]), nn.Linear(config["fc_width"], latent)
            self.after = nn.Linear(latent, config["fc_width"])
        self.dense = nn.Linear(latent if self.vae else config["fc_width"], flat)
        self.wavelength_code = nn.Parameter(0.1 * torch.rand(channels, flat) - 0.05)
        blocks, width = [], self.features
        for outputs in config["decoder_channels"]:
            blocks += [nn.ConvTranspose2d(width, outputs, 3, stride=2, padding=1, output_padding=1), LayerNorm(outputs)]
            width = outputs
        self.decoder = nn.Sequential(*blocks, nn.Conv2d(width, 1, 3, padding=1), nn.ELU())

    def forward(self, cubes):
        """[B, T, H, W] -> (reconstruction, KL)"""
        batch, channels, size, _ = cubes.shape
        x = self.slices(cubes.reshape(-1, 1, size, size))
        for lstm, norm in zip(self.lstms, self.norms):
            x = lstm(x.unflatten(0, (batch, channels)))
            x = norm(x.flatten(0, 1))
        x = x.unflatten(0, (batch, channels))[:, -1].permute(0, 2, 3, 1).flatten(1)
        kl = 0.0
        if self.vae:
            mean, log_variance = self.mean(x), self.log_variance(x)
            x = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
        else:
            x = self.after(self.code(self.before(x)))
        x = self.dense(x).unsqueeze(1) + self.wavelength_code
        x = x.reshape(-1, self.grid, self.grid, self.features).permute(0, 3, 1, 2)
        return self.decoder(x).reshape(batch, channels, size, size), kl
