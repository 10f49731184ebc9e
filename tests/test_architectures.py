"""Networks made of linear layers, held against torch's own convolution and recurrent unit."""

import torch
from torch import nn
from torch.nn import functional as F

from lab.architectures import Convolutional, Recurrent


def test_a_sliding_linear_layer_is_a_convolution():
    torch.manual_seed(0)
    ours, x = Convolutional(channels=3), torch.randn(7, 40)
    h = F.conv1d(x[:, None], ours.first.weight[:, None], ours.first.bias, stride=2).relu()
    kernel = ours.second.weight.view(3, 3, 5)  # outputs, inputs, places
    h = F.conv1d(h, kernel, ours.second.bias, stride=2).relu()
    torch.testing.assert_close(ours(x), ours.head(h.mT.flatten(1)))


def test_the_recurrent_unit_is_torchs():
    torch.manual_seed(0)
    ours, x = Recurrent(units=6), torch.randn(7, 40)
    theirs = nn.GRU(8, 6, batch_first=True)
    theirs.load_state_dict(
        {
            "weight_ih_l0": ours.read.weight,
            "weight_hh_l0": ours.recall.weight,
            "bias_ih_l0": ours.read.bias,
            "bias_hh_l0": ours.recall.bias,
        }
    )
    _, last = theirs(x.view(7, 5, 8))
    torch.testing.assert_close(ours(x), ours.head(last[0]))


def test_leading_dimensions_are_kept():
    x = torch.randn(2, 3, 40)
    for network in (Convolutional(), Recurrent()):
        torch.testing.assert_close(network(x)[1], network(x[1]))
