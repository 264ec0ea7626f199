"""The goals as a picture: how much of what each allows was used, on a logarithmic scale."""

from __future__ import annotations

import math
from html import escape
from typing import Final

from benchmarks.figures import Figure
from benchmarks.texts import PARTS

WIDTH: Final = 760
LEFT: Final = 260
RIGHT: Final = 90
ROW: Final = 30
TOP: Final = 56
BAR: Final = 14
LEAST, MOST = 0.01, 100.0
"""The ends of the scale; what lies beyond is drawn to its end."""

TICKS: Final = {0.01: "1 %", 0.1: "10 %", 1.0: "the goal", 10.0: "10×", 100.0: "100×"}

STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.tick { font-size: 11px; fill: #59636e; text-anchor: middle; }
.part { font-weight: 600; }
.value { font-size: 12px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.goal { stroke: #1f2328; stroke-width: 1.5; }
.reached { fill: #1a7f64; }
.missed { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .tick { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .goal { stroke: #f0f6fc; }
  .reached { fill: #3fb98f; }
  .missed { fill: #f0883e; }
}
"""


def chart(parts: dict[str, list[Figure]]) -> str:
    """Return an SVG with a bar for each part that has a goal: its figure that used most of it."""
    rows = []
    for part, figures in parts.items():
        limited = [one for one in figures if one.limit is not None]
        if limited:
            rows.append((part, max(limited, key=lambda one: one.used)))
    height = TOP + ROW * len(rows) + 12
    title = "How much of what each goal allows was used"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{" ".join(map(str, (0, 0, WIDTH, height)))}">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        f'<text x="8" y="20" class="part">{title}</text>',
    ]
    for at, label in TICKS.items():
        x = _x(at)
        kind = "goal" if at == 1.0 else "grid"
        lines.append(f'<text x="{x:.1f}" y="42" class="tick">{label}</text>')
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 8}" class="{kind}"/>')
    for n, (part, figure) in enumerate(rows):
        y = TOP + ROW * n
        end = _x(figure.used)
        width = max(end - LEFT, 2)
        kind = "reached" if figure.reached else "missed"
        lines += [
            f'<text x="8" y="{y + 15}" class="part">{part}</text>',
            f'<text x="42" y="{y + 15}">{escape(PARTS[part].title)}</text>',
            f'<rect x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{BAR}" rx="2" class="{kind}"/>',
            f'<text x="{end + 6:.1f}" y="{y + 15}" class="value">{_used(figure.used)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _x(used: float) -> float:
    at = math.log10(min(max(used, LEAST), MOST) / LEAST) / math.log10(MOST / LEAST)
    return LEFT + at * (WIDTH - LEFT - RIGHT)


def _used(used: float) -> str:
    if used == float("inf"):
        return "missed"
    return f"{used * 100:.0f} %" if used < 10 else f"{used:.0f}×"
