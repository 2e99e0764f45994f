"""`auditnn doctor`: is this installation able to do its work, and if not, what to do."""

from __future__ import annotations

import platform

import typer

NEEDED = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "torch", "safetensors", "pydantic", "altair",
          "vl-convert-python")  # fmt: skip

OPTIONAL = {"onnxruntime": "onnx", "skops": "skops", "pillow": "images"}  # and the extra that installs it


def doctor() -> None:
    """Check the installation: versions, devices, the samples, and one small audit from end to end."""
    typer.echo(f"auditnn {_version('auditnn')}, Python {platform.python_version()}, {platform.platform(terse=True)}")
    troubles = []
    for name in NEEDED:
        found = _version(name)
        typer.echo(f"  {name:<18} {found}")
        if found == "missing":
            troubles.append(f"{name} is missing: pip install {name}")
    for name, extra in OPTIONAL.items():
        found = _version(name)
        typer.echo(f"  {name:<18} {found if found != 'missing' else f'absent (optional: auditnn[{extra}])'}")
    if not troubles:
        troubles = _devices() + _small_audit()
    for trouble in troubles:
        typer.echo(f"trouble: {trouble}", err=True)
    typer.echo("trouble found" if troubles else "all well")
    if troubles:
        raise typer.Exit(2)


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _devices() -> list[str]:
    import torch

    cuda = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    typer.echo(f"  {'torch threads':<18} {torch.get_num_threads()}\n  {'cuda':<18} {cuda}")
    return []


def _small_audit() -> list[str]:
    from auditnn.front import judge, load, run
    from auditnn.report.html import render
    from auditnn.subjects.samples import names

    if not names():
        return ["the sample subjects are missing: install auditnn again"]
    audit = run(load("sample:perceptron"), effort="quick")
    page = render(audit.record, judge(audit).record)
    failed = [f"{one.id} failed: {one.reason}" for one in audit.record.analyzers if one.status == "failed"]
    typer.echo(f"  {'samples':<18} {', '.join(names())}")
    typer.echo(f"  {'small audit':<18} {len(audit.record.measurements)} measurements, report of {len(page) // 1024} kB")
    return failed
