"""The report's pictures."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from bench.side.report import AXES
from bench.side.results import Results


def draw(results: Results, folder: Path) -> None:
    """Writes a picture for each contest and each curve, under its name."""
    for contest in results.contests:
        _bars(results, contest, folder)
    for curve in results.curves:
        _lines(results, curve, folder)


def _bars(results: Results, contest: str, folder: Path) -> None:
    entries = [name for name in results.contests[contest] if results.rates(contest, name)]
    rates = [results.rates(contest, name) for name in entries]
    figure, axes = plt.subplots(figsize=(8, 0.45 * len(entries) + 1))
    middles = [results.rate(contest, name) or 0.0 for name in entries]
    errors = [
        [m - min(r) for m, r in zip(middles, rates, strict=True)],
        [max(r) - m for m, r in zip(middles, rates, strict=True)],
    ]
    colours = ["tab:blue" if name.startswith("septet") else "tab:grey" for name in entries]
    axes.barh(entries, middles, xerr=errors, color=colours)
    axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_xlabel("messages a second: median, least and most")
    _save(figure, folder, contest)


def _lines(results: Results, curve: str, folder: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4))
    for name, points in results.curves[curve].items():
        if name != "acknowledged":
            axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
    if curve != "soak":
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xlabel(AXES[curve][0])
    axes.set_ylabel(AXES[curve][1])
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    _save(figure, folder, curve)


def _save(figure: plt.Figure, folder: Path, name: str) -> None:
    figure.tight_layout()
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)
