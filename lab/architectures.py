"""Small networks on signals that are more than layer after layer: convolutional and recurrent.

Both take signals ``(..., 40)`` and give ten scores ``(..., 10)``. They consist of linear layers
only, so that ``lab.training`` can train many of them at once.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Convolutional(nn.Module):
    """Two convolutions of width 5 and stride 2: linear layers that slide along the signal."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.first = nn.Linear(5, channels)
        self.second = nn.Linear(5 * channels, channels)
        self.head = nn.Linear(7 * channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.first(x.unfold(-1, 5, 2)))  # (..., 18, channels)
        h = F.relu(self.second(h.unfold(-2, 5, 2).flatten(-2)))  # (..., 7, channels)
        return self.head(h.flatten(-2))


class Recurrent(nn.Module):
    """A gated recurrent unit that reads the signal in pieces of eight.

    Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014),
    https://arxiv.org/abs/1406.1078, in the variant of ``torch.nn.GRU``.
    """

    def __init__(self, units: int = 16, piece: int = 8) -> None:
        super().__init__()
        self.units, self.piece = units, piece
        self.read = nn.Linear(piece, 3 * units)
        self.recall = nn.Linear(units, 3 * units)
        self.head = nn.Linear(units, 10)

    def forward(self, x: Tensor) -> Tensor:
        pieces = self.read(x.unflatten(-1, (-1, self.piece)))
        h = torch.zeros_like(pieces[..., 0, : self.units])
        for t in range(pieces.shape[-2]):
            reset_x, keep_x, new_x = pieces[..., t, :].chunk(3, -1)
            reset_h, keep_h, new_h = self.recall(h).chunk(3, -1)
            keep = torch.sigmoid(keep_x + keep_h)
            new = torch.tanh(new_x + torch.sigmoid(reset_x + reset_h) * new_h)
            h = keep * h + (1 - keep) * new
        return self.head(h)
