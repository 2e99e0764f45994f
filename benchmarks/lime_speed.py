"""LIME against the model passes that it cannot do without, with the lime library in the same run."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from auditnn.core.seeding import stream
from auditnn.methods.attribution import lime
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of
from benchmarks.timing import paired, ratio_row, write

ROWS, DRAWS, FEATURES = 100, 5000, 24
PEER_ROWS = 4
IMAGES, IMAGE_DRAWS, SIDE, PEER_IMAGES = 16, 1000, 32, 2
BATCHES = (1024, 2048, 4096)
IMAGE_BATCHES = (64, 256, 1024)
QUESTION = (
    "How long does LIME take, over the passes of the model alone on as many rows as there are samples (rows x samples, "
    "also for shared samples, which ask the model for far fewer)?"
)


def perceptron() -> Any:
    """24-64-64-1."""
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(FEATURES, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)
    ).eval()


def network() -> Any:
    """A small convolutional network on RGB images of 32 x 32."""
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(),
        torch.nn.Linear(512, 10),
    ).eval()  # fmt: skip


def passes(module: Any, inputs: np.ndarray, batch: int) -> Callable[[], None]:
    """The module on inputs that are there already, batch by batch."""
    import torch

    tensor = torch.from_numpy(inputs)

    def work() -> None:
        with torch.inference_mode():
            for start in range(0, len(tensor), batch):
                module(tensor[start : start + batch]).numpy()

    return work


def table_rows() -> list[dict[str, Any]]:
    random = stream(0, "lime_speed", "table")
    module = perceptron()
    X = random.normal(size=(1000, FEATURES)).astype(np.float32)
    inputs = random.normal(size=(ROWS * DRAWS, FEATURES)).astype(np.float32)
    limits = {f"batches of {batch:,}": passes(module, inputs, batch) for batch in BATCHES}
    few = {f"batches of {batch:,}": passes(module, inputs[: PEER_ROWS * DRAWS], batch) for batch in BATCHES}
    case = case_of(module, X[:ROWS], X)
    rows = []
    for name, how, theirs in (
        ("cut into quartiles", {"discretizer": "quartile"}, {}),
        ("numbers left whole", {"discretizer": "none"}, {"discretize_continuous": False}),
    ):
        for samples, target in (("per_row", 5.0), ("shared", 1.3)):
            title = f"auditnn, {name}, {samples}"
            rows.append(
                ratio_row(paired(title, lambda how=how, s=samples: lime(case, draws=DRAWS, samples=s, **how), limits,
                                 target=target))
            )  # fmt: skip
        peer = library_table(module, X, theirs)
        rows.append(ratio_row(paired(f"lime, {name}, {PEER_ROWS} rows, all features kept", peer, few, pairs=3)))
    return rows


def library_table(module: Any, X: np.ndarray, how: dict[str, Any]) -> Callable[[], None]:
    """The library over a few rows, with the fastest plain prediction function for it."""
    import torch
    from lime.lime_tabular import LimeTabularExplainer

    explainer = LimeTabularExplainer(X.astype(np.float64), random_state=0, feature_selection="none", **how)

    def predict(rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(rows.astype(np.float32))).numpy()  # type: ignore[no-any-return]

    def work() -> None:
        for row in range(PEER_ROWS):
            explainer.explain_instance(X[row].astype(np.float64), predict, labels=(0,), num_features=FEATURES,
                                       num_samples=DRAWS)  # fmt: skip

    return quiet(work)


def image_rows() -> list[dict[str, Any]]:
    random = stream(0, "lime_speed", "image")
    module = network()
    pixels = random.random((IMAGES, 3, SIDE, SIDE)).astype(np.float32)
    inputs = random.random((IMAGES * IMAGE_DRAWS, 3, SIDE, SIDE)).astype(np.float32)
    limits = {f"batches of {batch:,}": passes(module, inputs, batch) for batch in IMAGE_BATCHES}
    few = {
        f"batches of {batch:,}": passes(module, inputs[: PEER_IMAGES * IMAGE_DRAWS], batch) for batch in IMAGE_BATCHES
    }
    case = case_of(module, pixels, pixels)
    segments = case.games.segments  # type: ignore[attr-defined]
    ours = paired("auditnn, images", lambda: lime(case, draws=IMAGE_DRAWS), limits, pairs=5, target=1.15)
    peer = library_images(module, case, segments)
    return [ratio_row(ours), ratio_row(paired(f"lime, {PEER_IMAGES} images, the same segments", peer, few, pairs=3))]


def library_images(module: Any, case: Case, segments: np.ndarray) -> Callable[[], None]:
    import torch
    from lime.lime_image import LimeImageExplainer

    pixels = np.moveaxis(case.inputs[:PEER_IMAGES], 1, 3).copy()
    explainer = LimeImageExplainer(feature_selection="none", random_state=0)

    def predict(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, 3, 1)))).numpy()  # type: ignore[no-any-return]

    def work() -> None:
        for row in range(PEER_IMAGES):
            explainer.explain_instance(
                pixels[row], predict, labels=range(10), top_labels=None, hide_color=0.5, num_samples=IMAGE_DRAWS,
                batch_size=100, segmentation_fn=lambda image, row=row: segments[row], random_seed=0,
            )  # fmt: skip

    return quiet(work)


def quiet(work: Callable[[], None]) -> Callable[[], None]:
    """Without the library's progress bars and its warnings about outputs that are no probabilities."""

    def silent() -> None:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            work()

    return silent


def main() -> None:
    rows = [*table_rows(), *image_rows()]
    notes = {
        "tables": f"perceptron {FEATURES}-64-64-1, {ROWS} rows x {DRAWS:,} samples, all coefficients with errors",
        "images": f"{IMAGES} images of 3 x {SIDE} x {SIDE}, {IMAGE_DRAWS:,} samples each, small network, 10 classes",
        "peers": "fewer rows, each over the model passes of those rows; coefficients without errors",
        "load": "the machine was shared with other work while the clock ran",
    }
    write("lime_speed", QUESTION, rows, notes)


if __name__ == "__main__":
    main()
