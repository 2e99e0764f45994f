"""Attributions as shap.Explanation, in shap's own plots."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pytest
from shapley_cases import network

from auditnn.methods.attribution import exact_shapley

mpl.use("Agg")


def test_values_of_one_class_or_all() -> None:
    case = network(4, 3, n=6)
    one = exact_shapley(case)
    whole = one.to_shap(data=case.inputs)
    assert whole.values.shape == (6, 4, 3)
    assert whole.base_values.shape == (6, 3)
    second = one.to_shap(target=1)
    np.testing.assert_array_equal(second.values, one.values[:, :, 1])
    np.testing.assert_array_equal(second.base_values, one.base[:, 1])
    each = one.to_shap(target=np.array([0, 1, 2, 0, 1, 2]))
    np.testing.assert_array_equal(each.values[4], one.values[4, :, 1])
    assert whole.feature_names == list(one.units)
    alone = exact_shapley(network(4, 1)).to_shap()
    assert alone.values.shape == (4, 4)
    assert alone.base_values.shape == (4,)


@pytest.mark.parametrize("plot", ["beeswarm", "bar", "waterfall", "scatter"])
def test_plots_of_the_library_take_it(plot: str) -> None:
    from matplotlib import pyplot

    case = network(4, 2, n=12)
    one = exact_shapley(case).to_shap(target=1, data=case.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        shown = {"waterfall": one[0], "scatter": one[:, 0]}.get(plot, one)
        getattr(shap.plots, plot)(shown, show=False)
    assert pyplot.gcf().axes
    pyplot.close("all")
