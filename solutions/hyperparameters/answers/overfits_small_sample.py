"""Answers to overfits_small_sample."""

import torch

from autograder.grading.answer import Answer


def overfits_small_sample(make_model, x, y, sample=20, steps=100, lr=0.02):
    x, y = x[:sample], y[:sample]
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    model.train()
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = model(x).argmax(1) == y
    return bool(right.all())


ANSWER = Answer(overfits_small_sample)


@ANSWER.alternative
def overfits_small_sample(make_model, x, y, sample=20, steps=100, lr=0.02):
    """Written with a criterion object, and an accuracy of NumPy's that is compared with 1."""
    model, criterion = make_model(), torch.nn.CrossEntropyLoss()
    few_x, few_y = x[:sample], y[:sample]
    adam = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        adam.zero_grad(set_to_none=False)
        criterion(model(few_x), few_y).backward()
        adam.step()
    accuracy = (model.eval()(few_x).argmax(dim=-1) == few_y).cpu().numpy().mean()
    return accuracy == 1.0


@ANSWER.alternative
def overfits_small_sample(make_model, x, y, sample=20, steps=100, lr=0.02):
    """Written with log-softmax, narrow, and an early end once all are right."""
    n = min(sample, len(x))
    x, y = x.narrow(0, 0, n), y.narrow(0, 0, n)
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def all_right():
        model.eval()
        with torch.no_grad():
            answer = torch.equal(model(x).max(1).indices, y)
        model.train()
        return answer

    for _ in range(steps):
        optimizer.zero_grad()
        log_p = torch.log_softmax(model(x), dim=1)
        loss = -log_p[torch.arange(n, device=x.device), y].mean()
        loss.backward()
        optimizer.step()
        if all_right():
            return True
    return all_right()


@ANSWER.alternative
def overfits_small_sample(make_model, x, y, sample=20, steps=100, lr=0.02):
    """Written with gradients asked for by hand and wrong answers counted."""
    net = make_model()
    opt = torch.optim.Adam(list(net.parameters()), lr)
    xs, ys = x[0:sample].clone(), y[0:sample].clone()
    for _ in range(steps):
        loss = torch.nn.functional.nll_loss(net(xs).log_softmax(1), ys)
        for p, g in zip(net.parameters(), torch.autograd.grad(loss, list(net.parameters()))):  # noqa: B905
            p.grad = g
        opt.step()
    net.train(False)
    return int((net(xs).argmax(1) != ys).sum()) == 0


ANSWER.edited(
    "all-data", "training and testing on all the data instead of the first examples",
    ("    x, y = x[:sample], y[:sample]\n", ""),
)
ANSWER.edited(
    "tested-on-all", "training on the first examples, testing on all the data",
    ("    x, y = x[:sample], y[:sample]\n", "    some, labels = x[:sample], y[:sample]\n"),
    ("cross_entropy(model(x), y)", "cross_entropy(model(some), labels)"),
)
ANSWER.edited(
    "last-examples", "the last examples instead of the first",
    ("x[:sample], y[:sample]", "x[-sample:], y[-sample:]"),
)
ANSWER.edited(
    "training-mode", "accuracy measured in training mode, with dropout on",
    ("    model.eval()\n", ""),
)
ANSWER.edited(
    "stops-in-training-mode", "an early stop once all are right in training mode, not in evaluation mode",
    ("        loss = torch.nn.functional.cross_entropy(model(x), y)\n",
     "        scores = model(x)\n        if bool((scores.argmax(1) == y).all()):\n            break\n"
     "        loss = torch.nn.functional.cross_entropy(scores, y)\n"),
)
ANSWER.edited(
    "steps-ignored", "always the same number of steps, whatever steps says",
    ("range(steps)", "range(150)"),
)
ANSWER.edited(
    "judged-by-loss", "False where all are right but the loss is not small yet: right answers are asked for",
    ("model(x).argmax(1) == y", "torch.nn.functional.cross_entropy(model(x), y) < 0.1"),
    observed=True,
)
ANSWER.edited(
    "most-is-enough", "True where most of the examples are right (19 of 20), not all of them",
    ("bool(right.all())", "bool(right.float().mean() >= 0.9)"),
    observed=True,
)
ANSWER.edited(
    "one-is-enough", "any() instead of all(): one right example is enough",
    ("right.all()", "right.any()"),
)
ANSWER.edited(
    "accuracy-returned", "the accuracy returned instead of True or False",
    ("bool(right.all())", "float(right.float().mean())"),
)
ANSWER.edited(
    "tensor-returned", "a tensor returned instead of True or False",
    ("bool(right.all())", "right.all()"),
)
ANSWER.edited(
    "never-steps", "gradients computed, but optimizer.step() never called",
    ("        optimizer.step()\n", ""),
)
ANSWER.edited(
    "never-backward", "a loss computed, but loss.backward() never called: the optimizer steps without a gradient",
    ("        loss.backward()\n", ""),
)
ANSWER.edited(
    "zeroed-before-the-step", "gradients set to zero between backward() and step(): nothing is left for the step",
    ("        optimizer.zero_grad()\n", ""),
    ("        optimizer.step()\n", "        optimizer.zero_grad()\n        optimizer.step()\n"),
)
ANSWER.edited(
    "never-trained", "a network that is not trained at all: no gradient computed, no step taken (does the loop run?)",
    ("range(steps)", "range(0)"),
    observed=True,
)
ANSWER.edited(
    "gradients-kept", "gradients never set to zero: each step adds to those of the steps before",
    ("        optimizer.zero_grad()\n", ""),
)
ANSWER.edited(
    "minibatches", "a few examples in each step instead of all of them",
    ("        loss = torch.nn.functional.cross_entropy(model(x), y)\n",
     "        some = torch.randperm(len(x))[:5]\n"
     "        loss = torch.nn.functional.cross_entropy(model(x[some]), y[some])\n"),
)
ANSWER.edited(
    "another-model", "the model tested is a new one, not the one that was trained",
    ("    model.eval()\n", "    model = make_model().eval()\n"),
)
ANSWER.edited(
    "climbs", "the loss made larger: its sign is wrong",
    ("loss.backward()", "(-loss).backward()"),
)
ANSWER.edited(
    "the-other-way-round", "True and False exchanged",
    ("bool(right.all())", "not right.all()"),
)
ANSWER.edited(
    "trained-in-evaluation-mode", "a network that is trained in evaluation mode",
    ("    model.train()\n", "    model.eval()\n"),
    observed=True,
)
ANSWER.edited(
    "evaluation-mode-after-a-test",
    "a network that is trained in evaluation mode for some of the steps: after a test within the loop, call train() again",
    ("        optimizer.step()\n",
     "        optimizer.step()\n        model.eval()\n"
     "        if bool((model(x).argmax(1) == y).all()):\n            break\n"),
    observed=True,
)
ANSWER.edited(
    "rate-not-passed", "an optimizer that is not given lr: it takes its own default",
    ("model.parameters(), lr=lr", "model.parameters()"),
)
ANSWER.edited(
    "last-layer-only", "an optimizer that is given the parameters of the last layer, not those of all layers",
    ("model.parameters(), lr=lr", "list(model.parameters())[-2:], lr=lr"),
)
ANSWER.edited(
    "sgd", "SGD in the place of Adam",
    ("torch.optim.Adam(", "torch.optim.SGD("),
)
ANSWER.edited(
    "softmax-twice",
    "softmax before cross_entropy, which applies it itself: it wants the scores",
    ("cross_entropy(model(x), y)", "cross_entropy(model(x).softmax(1), y)"),
)
