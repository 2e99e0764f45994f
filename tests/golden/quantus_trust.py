"""What Quantus says of tiny models whose answers can be worked out: python quantus_trust.py, with quantus and torch.

Writes quantus_trust.json beside this file. Quantus is not needed to run the tests that read it.
"""

from __future__ import annotations

import json
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import quantus
import torch
from quantus.helpers.model.pytorch_model import PyTorchModel

ROWS, SIDE, CLASSES = 6, 4, 3
PIXELS = SIDE * SIDE


def linear(weight: np.ndarray, bias: np.ndarray) -> torch.nn.Module:
    """Logits that are linear in the pixels, so that pixel times weight is what each pixel adds to an image of zeros."""
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(PIXELS, CLASSES))
    with torch.no_grad():
        module[1].weight[:] = torch.from_numpy(weight)
        module[1].bias[:] = torch.from_numpy(bias)
    return module.eval()


def curved(random: np.random.Generator) -> torch.nn.Module:
    """A network of two layers with a smooth activation, so that gradients have no ties."""
    layers = [torch.nn.Flatten(), torch.nn.Linear(PIXELS, 8), torch.nn.Tanh(), torch.nn.Linear(8, CLASSES)]
    module = torch.nn.Sequential(*layers)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter[:] = torch.from_numpy(random.normal(size=tuple(parameter.shape)) / 2)
    return module.eval()


def gradients(model: Any, inputs: Any, targets: Any, **_: Any) -> np.ndarray:
    """Signed gradients of the target's logit by the pixels."""
    given = torch.as_tensor(np.asarray(inputs)).float().requires_grad_(True)
    output = model(given).gather(1, torch.as_tensor(np.asarray(targets))[:, None])
    (gradient,) = torch.autograd.grad(output.sum(), given)
    return gradient.detach().numpy()


def weights(module: torch.nn.Module) -> dict[str, Any]:
    return {name: value.tolist() for name, value in module.state_dict().items()}


def flipping(module: torch.nn.Module, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """Logits as pixels are set to 0, the largest values first, and the areas under them."""
    given = {
        "features_in_step": 1, "perturb_baseline": 0.0, "abs": False, "normalise": False,
        "disable_warnings": True,
    }  # fmt: skip
    metric = quantus.PixelFlipping(**given)
    curves = metric(model=module, x_batch=x, y_batch=y, a_batch=values, softmax=False, device="cpu")
    metric = quantus.PixelFlipping(**given, return_auc_per_sample=True)
    areas = metric(model=module, x_batch=x, y_batch=y, a_batch=values, softmax=False, device="cpu")
    return {"curves": np.array(curves).tolist(), "areas": np.array(areas).tolist()}


def complete(module: torch.nn.Module, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> list[bool]:
    """Whether the values of each row add up to its logit less that of an image of zeros, to the last bit."""
    metric = quantus.Completeness(
        abs=False, normalise=False, perturb_baseline=0.0, disable_warnings=True, output_func=lambda value: value
    )
    found = metric(model=module, x_batch=x, y_batch=y, a_batch=values, softmax=False, device="cpu")
    return [bool(one) for one in found]


def randomized(module: torch.nn.Module, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Spearman's correlations of signed gradients along a cascade from the top, with the weights at each step."""
    metric = quantus.MPRT(
        layer_order="top_down", abs=False, normalise=False, seed=5, disable_warnings=True,
        similarity_func=quantus.similarity_func.correlation_spearman,
    )  # fmt: skip
    values = gradients(module, x, y)
    scores = metric(
        model=module, x_batch=x, y_batch=y, a_batch=values, explain_func=gradients, softmax=False, device="cpu"
    )
    wrapped = PyTorchModel(module, channel_first=True, softmax=False)
    steps = {name: weights(copy) for name, copy in wrapped.get_random_layer_generator("top_down", seed=5)}
    return {
        "layers": list(steps),
        "weights": list(steps.values()),
        "similarities": [[float(one) for one in scores[name]] for name in steps],
    }


def main() -> None:
    warnings.simplefilter("ignore")
    np.trapz = np.trapezoid  # type: ignore[attr-defined]  # its name before numpy 2, which Quantus 0.6 asks for
    random = np.random.default_rng(0)
    x = random.random(size=(ROWS, 1, SIDE, SIDE)).astype(np.float32)
    y = random.integers(0, CLASSES, ROWS)
    straight, bent = linear(random.normal(size=(CLASSES, PIXELS)), random.normal(size=CLASSES)), curved(random)
    # Whole numbers, whose sums are exact whatever their order: Quantus compares with ==.
    whole = linear(random.integers(-3, 4, (CLASSES, PIXELS)), random.integers(-3, 4, CLASSES))
    counted = random.integers(-3, 4, x.shape).astype(np.float32)
    products = counted * gradients(whole, counted, y)
    exact = x * gradients(straight, x, y)
    random_values = random.normal(size=x.shape).astype(np.float32)
    found = {
        "made by": {"quantus": version("quantus"), "torch": version("torch").split("+")[0]},
        "x": x.tolist(),
        "y": y.tolist(),
        "linear": weights(straight),
        "curved": weights(bent),
        "random values": random_values.tolist(),
        "flipping": {
            "exact": flipping(straight, x, y, exact),
            "random": flipping(straight, x, y, random_values),
        },
        "complete": {
            "x": counted.tolist(),
            "linear": weights(whole),
            "exact": complete(whole, counted, y, products),
            "one more": complete(whole, counted, y, products + np.float32(1 / PIXELS)),
        },
        "randomized": randomized(bent, x, y),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
