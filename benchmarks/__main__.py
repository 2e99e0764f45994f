"""python -m benchmarks: speed, and accuracy per model call, one after the other; results under benchmarks/results/."""

from __future__ import annotations

from benchmarks import analyzer_overhead, group_table, lime_speed, saliency_speed, shapley_accuracy, shapley_speed

if __name__ == "__main__":
    group_table.main()
    analyzer_overhead.main()
    shapley_speed.main()
    shapley_accuracy.main()
    lime_speed.main()
    saliency_speed.main()
