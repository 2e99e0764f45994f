"""Gradient methods and occlusion on a small residual network, against the passes they cannot do without, and captum.

The limit of integrated gradients and SmoothGrad is one forward and one backward pass of every image at every step,
through the plain module with gradients by parameters off, in the better of two batch sizes. Occlusion's is one forward
pass of every image under every window. With folding, ours passes through a copy in which batch normalisation is part
of the convolutions; the limit stays the plain module. Memory is the peak of a process of its own, beyond what it held
before the call.

    python -m benchmarks.saliency_speed      about 20 minutes on one core
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of
from benchmarks.timing import paired, ratio_row, write

IMAGES, STEPS, WINDOW, STRIDE = 64, 50, 8, 4
HELD, HELD_BY_CAPTUM = 256, 64  # images when memory is measured; captum would need 20 GB for as many
PAIRS, PEER_PAIRS = 5, 3
BATCHES = (32, 64)
WIDTH = 16
MEGABYTE = 1e6


class Block(nn.Module):
    """Two convolutions with batch normalisation, and a way around them."""

    def __init__(self, given: int, made: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(given, made, 3, stride, 1, bias=False)
        self.first_norm, self.first_relu = nn.BatchNorm2d(made), nn.ReLU()
        self.second = nn.Conv2d(made, made, 3, 1, 1, bias=False)
        self.second_norm, self.second_relu = nn.BatchNorm2d(made), nn.ReLU()
        around = nn.Sequential(nn.Conv2d(given, made, 1, stride, bias=False), nn.BatchNorm2d(made))
        self.around = nn.Identity() if given == made else around

    def forward(self, x: torch.Tensor) -> Any:
        y = self.first_relu(self.first_norm(self.first(x)))
        return self.second_relu(self.second_norm(self.second(y)) + self.around(x))


def network() -> nn.Module:
    """Twenty layers for images 3 x 32 x 32, as He et al. (2016) made them for CIFAR-10, with random weights."""
    torch.manual_seed(0)
    widths = [(WIDTH, WIDTH, 1)] * 3 + [(WIDTH, 2 * WIDTH, 2)] + [(2 * WIDTH, 2 * WIDTH, 1)] * 2
    widths += [(2 * WIDTH, 4 * WIDTH, 2)] + [(4 * WIDTH, 4 * WIDTH, 1)] * 2
    module = nn.Sequential(
        nn.Conv2d(3, WIDTH, 3, 1, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(),
        *(Block(*width) for width in widths), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * WIDTH, 10),
    )  # fmt: skip
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0.0, 0.1)  # type: ignore[union-attr]
            part.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return module.eval()


def pixels(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 3, 32, 32), dtype=np.float32)


def ours(method: str, case: Case, **settings: Any) -> Callable[[], Any]:
    return lambda: METHODS[method].attribute(case, **settings)


def passes(module: nn.Module, n: int, repeats: int, batch: int, backward: bool) -> Callable[[], Any]:
    """n x repeats images through the plain module, a batch after the other."""
    x = torch.from_numpy(pixels(n))
    plenty = x.repeat(-(-batch // n) + 1, 1, 1, 1)
    for parameter in module.parameters():
        parameter.requires_grad_(False)

    def work() -> None:
        for start in range(0, n * repeats, batch):
            size = min(batch, n * repeats - start)
            given = plenty[start % n : start % n + size]
            if backward:
                given = given.clone().requires_grad_(True)
                torch.autograd.grad(module(given)[:, 0].sum(), given)
            else:
                with torch.inference_mode():
                    module(given)

    return work


def windows() -> int:
    across = 1 + -(-(32 - WINDOW) // STRIDE)
    return across * across


def peers(module: nn.Module, n: int) -> Mapping[str, Callable[[], Any]]:
    """captum as its documentation calls it, all images at once, with its defaults."""
    import captum.attr

    x = torch.from_numpy(pixels(n))
    with torch.inference_mode():
        targets = module(x).argmax(dim=1)
    targets = targets.clone()

    def quietly(work: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return work()

        return run

    tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(module))
    return {
        "integrated_gradients": quietly(
            lambda: captum.attr.IntegratedGradients(module).attribute(x, target=targets, n_steps=STEPS)
        ),
        "smooth_grad": quietly(lambda: tunnel.attribute(x, nt_samples=STEPS, stdevs=0.15, target=targets, abs=False)),
        "occlusion": quietly(
            lambda: captum.attr.Occlusion(module).attribute(
                x, (3, WINDOW, WINDOW), strides=(3, STRIDE, STRIDE), target=targets
            )
        ),
    }


def work_of(name: str, n: int) -> Callable[[], Any]:
    """The work of a line of the table, by its name, for a process of its own."""
    module = network()
    who, method = name.split(":")
    if who == "captum":
        return peers(module, n)[method]
    case = case_of(module, pixels(n), pixels(20))
    vars(case).setdefault("segments", case.segments)
    settings: dict[str, Any] = {"window": WINDOW, "stride": STRIDE}
    if method != "occlusion":
        settings = {"fold": who == "folded", "steps" if method == "integrated_gradients" else "samples": STEPS}
    return ours(method, case, **settings)


def peak(name: str, n: int) -> float:
    """Megabytes at the peak of a process that does this work once, beyond those before it."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.saliency_speed", "--memory", name, str(n)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent, env={**os.environ},
    )  # fmt: skip
    return float(json.loads(told.stdout.splitlines()[-1]))


def measure_memory(name: str, n: int) -> None:
    METHODS["gradient"].attribute(network(), pixels(1))  # what the libraries load stays out of it
    work = work_of(name, n)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = held("VmRSS")
    work()
    print(json.dumps((held("VmHWM") - before) / MEGABYTE))


def held(what: str) -> float:
    """Bytes that this process holds (VmRSS), or held at its peak (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(f"{what}:"))
    return 1024 * float(line.split()[1])


def main() -> None:
    module, n = network(), IMAGES
    rows: list[dict[str, Any]] = []
    for method in ("integrated_gradients", "smooth_grad", "occlusion"):
        gradient = method != "occlusion"
        repeats = STEPS if gradient else windows()
        limits = {f"batches of {batch}": passes(module, n, repeats, batch, gradient) for batch in BATCHES}
        lines = [("plain", 1.1), ("folded", 0.75)] if gradient else [("plain", 1.1)]
        for who, target in [*lines, ("captum", None)]:
            name = f"{who}:{method}"
            pairs = PEER_PAIRS if who == "captum" else PAIRS
            told = {"plain": "ours", "folded": "ours, folded (the default)", "captum": "captum's defaults"}[who]
            if method == "occlusion" and who == "plain":
                told = "ours (the default)"
            ratio = paired(f"{method}, {told}", work_of(name, n), limits, pairs, target)
            many = HELD_BY_CAPTUM if who == "captum" else HELD
            rows.append({**ratio_row(ratio), "extra memory, MB": round(peak(name, many)), "images held": many})
            print(rows[-1], flush=True)
    notes = {
        "network": f"20 layers, {sum(p.numel() for p in module.parameters()):,} parameters, images 3 x 32 x 32",
        "work": f"{n} images x {STEPS} steps; occlusion {windows()} windows of {WINDOW} pixels in steps of {STRIDE}",
        "scaled": "64 images are timed in place of 256, which would take an hour; batches are filled all the same",
        "limit": "plain module, evaluation mode, gradients by parameters off, the better batch size of each pair",
        "memory": f"peak beyond what was held before, {HELD} images, for captum {HELD_BY_CAPTUM} (it grows with them)",
        "machine": "shared with other jobs while this ran",
        "torch": torch.__version__,
    }
    write("saliency_speed", "How long do gradient methods and occlusion take beyond the passes they need?", rows, notes)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--memory"]:
        measure_memory(sys.argv[2], int(sys.argv[3]))
    else:
        main()
