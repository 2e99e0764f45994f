"""Mean sizes of noisy numbers: the folded mean against quadrature, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from auditnn.analyzers.measures import estimated
from auditnn.kernels.absolute import folded_mean, mean_size


@given(st.floats(-5, 5), st.floats(0.05, 5))
def test_the_folded_mean_is_the_integral(value: float, error: float) -> None:
    density = stats.norm(value, error).pdf
    below, _ = integrate.quad(lambda x: -x * density(x), value - 12 * error - 1, 0.0, points=[min(value, 0.0)])
    above, _ = integrate.quad(lambda x: x * density(x), 0.0, abs(value) + 12 * error + 1, points=[max(value, 0.0)])
    assert float(folded_mean(np.array(value), np.array(error))) == pytest.approx(below + above, rel=1e-6, abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_without_noise_it_is_the_mean_of_absolute_values(values: list[float]) -> None:
    found = mean_size(np.array(values))
    expected = np.abs(values)
    assert found.value == pytest.approx(expected.mean(), rel=1e-12)
    assert found.basis["se"] == pytest.approx(
        expected.std(ddof=1) / np.sqrt(len(values)), rel=1e-9, abs=1e-12 * max(1.0, expected.max())
    )


def test_one_row_is_exact_without_noise_and_as_sure_as_its_noise_with_it() -> None:
    assert mean_size(np.array([-2.0])).method == "exact"
    assert mean_size(np.array([-2.0])).value == 2.0
    noisy = mean_size(np.array([-2.0]), np.array([0.1]))
    assert noisy.method == "monte_carlo"
    assert noisy.value == pytest.approx(2.0)
    assert noisy.basis["se"] == pytest.approx(0.1)
    assert mean_size(np.array([])).reason == "there are no rows"


def coverage(spread: float, noise: float, shared: bool, n: int = 60, repeats: int = 800) -> tuple[float, float, float]:
    """How often the interval holds the mean of |v| over the population, the bias of the value, and the plain bias."""
    rng = np.random.default_rng([int(100 * spread), int(100 * noise), shared])
    truth = float(folded_mean(np.zeros(1), np.array([spread]))[0])
    held, values, plain = 0, [], []
    for _ in range(repeats):
        v = spread * rng.normal(size=n)
        e = noise * (np.repeat(rng.normal(), n) if shared else rng.normal(size=n))
        found = estimated("a.b/c", mean_size(v + e, np.full(n, noise), shared=shared), limits=(0.0, None))
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
        values.append(found.value)
        plain.append(np.abs(v + e).mean())
    return held / repeats, float(np.mean(values)) - truth, float(np.mean(plain)) - truth


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("spread", "noise"), [(1.0, 0.1), (1.0, 0.5), (0.3, 0.5), (0.0, 0.5)])
def test_the_interval_holds_the_truth_under_noise(spread: float, noise: float, shared: bool) -> None:
    held, bias, plain = coverage(spread, noise, shared)
    assert held >= 0.93
    assert bias < plain
    assert spread < noise or abs(bias) < 0.3 * plain + 0.005
