"""What Shapley values cost beyond the model passes that they cannot do without, ours and the peers'.

Every figure is wall time over the wall time of a plain torch loop that passes as many rows through the same network,
its best of three batch sizes. A peer's rows are counted as it asks for them. The peers, which are slower, explain fewer
rows; a ratio needs no scaling, and the seconds scaled to all rows are told as such.

    OMP_NUM_THREADS=1 python -m benchmarks.shapley_speed      about eight minutes
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.timing import paired, ratio_row, write

ROWS, MASKS, BACKGROUND, WIDTH = 100, 2048, 100, 24
EXACT_ROWS, UNITS = 20, 12
PEER_ROWS = 4
BATCHES = (2048, 4096, 8192)
Predict = Callable[[np.ndarray], np.ndarray]


@dataclass
class Task:
    """A network p-64-64-1 of floats, rows to explain and background rows."""

    width: int
    rows: int
    network: Any = field(init=False)
    X: np.ndarray = field(init=False)
    background: np.ndarray = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        import torch
        from torch.nn import Linear, ReLU, Sequential

        torch.manual_seed(0)
        self.network = Sequential(Linear(self.width, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 1)).eval()
        rng = np.random.default_rng(0)
        self.X = rng.normal(size=(self.rows, self.width)).astype(np.float32)
        self.background = rng.normal(size=(BACKGROUND, self.width)).astype(np.float32)

    def passes(self, rows: int, batch: int) -> None:
        """`rows` through the network, the same batch again and again."""
        import torch

        x = torch.from_numpy(np.resize(self.X, (batch, self.width)))
        with torch.inference_mode():
            for start in range(0, rows, batch):
                self.network(x[: min(batch, rows - start)])

    def limits(self, rows: int) -> dict[str, Callable[[], None]]:
        return {f"{batch} rows": lambda batch=batch: self.passes(rows, batch) for batch in BATCHES}  # type: ignore[misc]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The network as a function of arrays, as the peers want it; counts the rows."""
        import torch

        self.asked += len(x)
        with torch.inference_mode():
            output: np.ndarray = self.network(torch.from_numpy(np.asarray(x, dtype=np.float32))).numpy()[:, 0]
        return output

    def counted(self, work: Callable[[], Any]) -> int:
        """How many rows `work` asks `predict` for."""
        self.asked = 0
        work()
        return self.asked


def games_of(task: Task) -> Callable[[], Any]:
    """All coalitions of the benchmark through the games, with nothing solved from their values."""
    from auditnn.methods.plain import case_of

    case = case_of(task.network, task.X, task.background)
    masks = np.random.default_rng(1).random((ROWS, MASKS, WIDTH)) < 0.5
    requests = [(row, masks[row]) for row in range(task.rows)]
    return lambda: case.games.evaluate_all(requests)


def method_of(task: Task, name: str, **settings: Any) -> Callable[[], Any]:
    """One of our methods from rows to Shapley values."""
    from auditnn.methods.attribution import METHODS
    from auditnn.methods.plain import case_of

    case = case_of(task.network, task.X, task.background)
    return lambda: METHODS[name].attribute(case.take(np.arange(len(case))), **settings)


def shap_kernel(task: Task) -> Callable[[], Any]:
    """shap.KernelExplainer, without its selection of features."""
    import shap

    explainer = shap.KernelExplainer(task.predict, task.background)
    return lambda: explainer.shap_values(task.X[:PEER_ROWS], nsamples=MASKS, l1_reg=False, silent=True)


def shap_permutation(task: Task) -> Callable[[], Any]:
    """shap.PermutationExplainer with as many whole permutations as 2,048 coalitions allow."""
    import shap

    explainer = shap.PermutationExplainer(task.predict, shap.maskers.Independent(task.background, BACKGROUND))
    return lambda: explainer(task.X[:PEER_ROWS], max_evals=MASKS, silent=True)


def shap_exact(task: Task) -> Callable[[], Any]:
    import shap

    explainer = shap.ExactExplainer(task.predict, shap.maskers.Independent(task.background, BACKGROUND))
    return lambda: explainer(task.X[:PEER_ROWS], max_evals=2**UNITS + 1, silent=True)


def captum_kernel(task: Task) -> Callable[[], Any]:
    """captum's KernelShap over a function of coalitions, 40 of them to a call, that fills in the background itself."""
    import torch
    from captum.attr import KernelShap

    background = torch.from_numpy(task.background)

    def value(row: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        def of(shown: torch.Tensor) -> torch.Tensor:
            filled = torch.where(shown[:, None] > 0.5, row, background)
            task.asked += filled.shape[0] * filled.shape[1]
            with torch.inference_mode():
                return task.network(filled.reshape(-1, task.width)).reshape(len(shown), -1).mean(dim=1).clone()

        return of

    ones = torch.ones(1, task.width)

    def work() -> None:
        for row in torch.from_numpy(task.X[:PEER_ROWS]):
            KernelShap(value(row)).attribute(ones, torch.zeros_like(ones), n_samples=MASKS, perturbations_per_eval=40)

    return work


def main() -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    kernel, exact = Task(WIDTH, ROWS), Task(UNITS, EXACT_ROWS)
    both, all_of = ROWS * MASKS * BACKGROUND, EXACT_ROWS * 2**UNITS * BACKGROUND
    size = f"{ROWS} rows x {MASKS:,} coalitions x {BACKGROUND}"
    work = [
        paired(f"games, {size}", games_of(kernel), kernel.limits(both), target=1.3),
        paired(f"kernel_shap, {size}", method_of(kernel, "kernel_shap", masks=MASKS), kernel.limits(both), target=1.3),
        paired(f"exact_shapley, {UNITS} units, {EXACT_ROWS} rows x {2**UNITS:,} coalitions x {BACKGROUND}",
               method_of(exact, "exact_shapley"), exact.limits(all_of), target=1.4),
    ]  # fmt: skip
    peers = (
        ("shap.KernelExplainer", kernel, shap_kernel),
        ("shap.PermutationExplainer", kernel, shap_permutation),
        ("captum.attr.KernelShap", kernel, captum_kernel),
        (f"shap.ExactExplainer, {UNITS} units", exact, shap_exact),
    )
    rows = [ratio_row(one) for one in work]
    for name, task, peer in peers:
        ask = peer(task)
        asked = task.counted(ask)
        found = ratio_row(paired(f"{name}, {PEER_ROWS} rows, {asked:,} model rows", ask, task.limits(asked)))
        found["scaled to all rows, s"] = float(found["ours, s"]["median"]) * task.rows / PEER_ROWS
        rows.append(found)
    notes = {
        "network": f"{WIDTH}-64-64-1 and {UNITS}-64-64-1, float32, ReLU",
        "torch": torch.__version__,
        "ours, s": "wall time of what the line names, ours or a peer's",
        "limit": "a plain torch loop over as many rows as the line asks the model for, the best of three batch sizes",
        "machine": "shared with other work while this ran; the pairs are interleaved",
    }
    write("shapley_speed", "What do Shapley values cost, beyond passing the rows through the model?", rows, notes)


if __name__ == "__main__":
    main()
