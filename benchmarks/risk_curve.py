"""The risk-coverage curve as a picture: how wrong the accepted answers are, by how many are accepted."""

from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 64, 36, 24, 56
HIGHEST = 0.10
POINTS = 300
COLOURS = ("#1f6feb", "#d1570f", "#1a7f37")


@dataclass(frozen=True)
class Curve:
    """One corpus.

    Attributes:
        coverage, risk: from the surest answer alone to all answers, shares.
        chosen: coverage and realised error at the calibrated threshold.
    """

    name: str
    coverage: list[float]
    risk: list[float]
    chosen: tuple[float, float]


def write_picture(file: Path, curves: list[Curve], target: float) -> None:
    """Write the curves as SVG."""
    parts = [_frame(), _rule(target)]
    for index, curve in enumerate(curves):
        parts.append(_line(curve, COLOURS[index % len(COLOURS)], index))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>' + "".join(parts) + "</svg>\n"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(svg, encoding="utf-8")


def _x(coverage: float) -> float:
    return LEFT + coverage * (WIDTH - LEFT - RIGHT)


def _y(risk: float) -> float:
    return HEIGHT - BOTTOM - min(risk, HIGHEST) / HIGHEST * (HEIGHT - TOP - BOTTOM)


def _frame() -> str:
    parts = [
        f'<text x="{LEFT}" y="22" font-weight="600">Error among accepted answers, by share accepted</text>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">share accepted</text>',
    ]
    for step in range(6):
        share = step / 5
        parts.append(
            f'<text x="{_x(share):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{share:.0%}</text>'
        )
        risk = share * HIGHEST
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(risk):.1f}" y2="{_y(risk):.1f}"'
            ' stroke="#e4e4e4"/>'
            f'<text x="{LEFT - 8}" y="{_y(risk) + 4:.1f}" text-anchor="end">{risk:.0%}</text>'
        )
    return "".join(parts)


def _rule(target: float) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(target):.1f}" y2="{_y(target):.1f}" '
        'stroke="#666666" stroke-dasharray="5 4"/>'
        f'<text x="{LEFT + 6}" y="{_y(target) - 6:.1f}" fill="#666666">target {target:.0%}</text>'
    )


def _line(curve: Curve, colour: str, index: int) -> str:
    step = max(1, len(curve.coverage) // POINTS)
    points = list(zip(curve.coverage, curve.risk, strict=True))[::step]
    path = " ".join(f"{_x(coverage):.1f},{_y(risk):.1f}" for coverage, risk in points)
    coverage, error = curve.chosen
    legend = f"{curve.name}: accepts {coverage:.1%}, {error:.2%} of it wrong"
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<circle cx="{_x(coverage):.1f}" cy="{_y(error):.1f}" r="5" fill="{colour}"/>'
        f'<text x="{LEFT + 16}" y="{TOP + 24 + 20 * index}" fill="{colour}">{legend}</text>'
    )
