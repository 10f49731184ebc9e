"""What the book's drawing functions put on the axes."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from lab import plots, search
from lab.stats import interval


def test_a_cross_has_the_means_and_the_half_widths():
    ax = Figure().add_subplot()
    x, y = interval(np.array([1.0, 2.0, 4.0])), interval(np.array([10.0, 30.0, 40.0]))
    plots.cross(ax, x, y, "here", color=plots.RED)
    bars = [c.get_segments()[0] for c in ax.collections]
    np.testing.assert_allclose(bars[0][:, 0], [x.mean - x.half, x.mean + x.half])
    np.testing.assert_allclose(bars[1][:, 1], [y.mean - y.half, y.mean + y.half])
    (text,) = ax.texts
    assert text.get_text() == "here" and text.xy == (x.mean, y.mean)


def test_each_trial_is_drawn_as_far_as_it_was_trained():
    ax = Figure().add_subplot()
    curves = np.arange(9.0)[:, None] - np.zeros(9)  # the first is the best throughout
    result = search.successive_halving(curves, [1, 3, 9])
    plots.trials(ax, curves, [1, 2, 3, 6, 9], result, [1, 3, 9])
    trained = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert [line.get_xdata()[-1] for line in trained] == [9, 3, 3, 1, 1, 1, 1, 1, 1]
    red = [line for line in trained if line.get_color() == plots.RED]
    assert red == trained[:1]
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"] == [1, 3]


def test_a_page_begins_with_the_style_one_thread_and_no_denormals():
    import torch

    from lab.page import begin_page

    threads = torch.get_num_threads()
    try:
        with mpl.rc_context():
            begin_page()
            assert mpl.rcParams["axes.grid"] and torch.get_num_threads() == 1
            assert torch.tensor(1e-40) * 1.0 == 0
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)
