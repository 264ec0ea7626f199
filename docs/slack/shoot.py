"""Take the pictures of docs/slack.md: `npm install --legacy-peer-deps && npm run build && python shoot.py`.

Needs the bot installed and Debian's chromium. Each picture is what `ask … --as slack` prints, rendered by
slack-blocks-to-jsx; nothing is loaded from the network.
"""

# ruff: noqa: PLC0415 - the pictures of messages need only the command line
from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
IMAGES = HERE.parent / "images"
MARGIN = 16
SHOTS = {
    "whois": ("/whois gref", "light"),
    "briefing": ("/briefing", "light"),
    "timeline": ("/timeline sberbank", "dark"),
    "ask": ("/whois", "light"),
    "none": ("/whois grief", "light"),
    "home": ("The bot's Home tab", "light"),
}


def main(names: list[str]) -> None:
    """Take the named pictures, or all."""
    for name, (line, theme) in SHOTS.items():
        if not names or name in names:
            shoot(name, home() if name == "home" else payload(line), line, theme)


def payload(line: str) -> list[object]:
    """Return the pages that Slack would get."""
    command = [sys.executable, "-m", "bot", "ask", line, "--as", "slack"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return list(json.loads(done.stdout))


def home() -> list[object]:
    """Return the blocks of the Home tab as if they were a message."""
    from bot.adapters.slack.home import home_view
    from bot.adapters.slack.names import Names
    from bot.commands import REGISTRY
    from bot.config import load_config
    from bot.desk import Asker, Call
    from bot.service import open_service

    with tempfile.TemporaryDirectory() as folder:
        service = open_service(load_config(None, environ={}, state=Path(folder)))
        desk, asker = service.desk, Asker(platform="slack")
        topics = [
            (one.label, desk.canonical(Call("briefing", {"topic": one.value})))
            for one in desk.suggest("briefing", "topic", "", asker)
        ]
        view = home_view(desk.ask("/briefing", asker), desk.ask("/due", asker), topics, Names(REGISTRY))
        service.close()
    return [{"text": "Home", "blocks": view["blocks"]}]


def shoot(name: str, messages: list[object], line: str, theme: str) -> None:
    """Write docs/images/slack-NAME.png."""
    chromium = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder)
        shutil.copytree(HERE / "build", page, dirs_exist_ok=True)
        document = json.dumps({"command": line, "messages": messages[:1], "theme": theme}, ensure_ascii=True)
        (page / "payload.js").write_text(f"window.PAYLOAD = {document};", encoding="utf-8")
        (page / "index.html").write_text(
            '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css">'
            '<div id="root"></div><script src="payload.js"></script><script src="page.js"></script>',
            encoding="utf-8",
        )
        flags = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=4000"]
        address = f"file://{page}/index.html"
        look = [chromium, *flags, "--window-size=780,800", "--dump-dom", address]
        dom = subprocess.run(look, check=True, capture_output=True, text=True).stdout  # noqa: S603
        height = int(dom.partition('data-height="')[2].partition('"')[0]) + 2 * MARGIN
        target = f"--screenshot={IMAGES / f'slack-{name}.png'}"
        size = f"--window-size=780,{height}"
        subprocess.run([chromium, *flags, size, target, address], check=True, capture_output=True)  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1:])
