"""Make the pictures of docs/discord.md from the bot's own payloads: `python docs/draw_discord.py`.

Documentation tooling only. It needs `pip install "simcord[screenshot]==3.2.1"` and Debian's chromium. The bot
runs against simcord, a Discord in this process, with the shipped dossier; simcord draws what it received.
Colours and fonts are simcord's, not Discord's; words, order and buttons are what people see.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import simcord
from PIL import Image
from playwright.async_api import BrowserType

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))

from bot.adapters.discord.app import BriefingClient  # noqa: E402
from bot.adapters.discord.config import DiscordConfig  # noqa: E402
from bot.config import load_config  # noqa: E402
from bot.service import open_service  # noqa: E402

DAY = date(2025, 5, 5)
WIDTH, HEIGHT = 800, 2_200
COLOURS = 64


def use_system_browser() -> None:
    """Let Playwright start Debian's Chromium instead of a download of its own."""
    launch = BrowserType.launch

    async def with_path(self: BrowserType, **options: Any) -> Any:
        return await launch(self, executable_path="/usr/bin/chromium", args=["--no-sandbox"], **options)

    BrowserType.launch = with_path  # type: ignore[method-assign]


async def main() -> None:
    """Draw an answer, a briefing, a timeline of several pages, a shared answer and a question."""
    use_system_browser()
    with tempfile.TemporaryDirectory() as state:
        config = load_config(None, environ={}, briefings=ROOT / "briefings", state=Path(state))
        service = open_service(config, today=lambda: DAY)
        client = BriefingClient(service.desk, DiscordConfig(shards=1))
        async with simcord.run(client) as env:
            channel = env.create_guild("Newsroom").create_text_channel("desk")
            alice = env.guild.add_member(env.create_user("alice"))
            shots = {
                "discord-who": await alice.slash(channel, "who", name="gref"),
                "discord-briefing": await alice.slash(channel, "briefing"),
                "discord-timeline": await alice.slash(channel, "timeline"),
            }
            shots["discord-shared"] = await alice.click(
                shots["discord-who"].response, label="Share to channel"
            )
            await alice.send(channel, f"<@{env.bot.user.id}> who")
            shots["discord-ask"] = channel.last_message
            async with env.preview(
                channel, viewers=[alice], layout="message", display="fixed", width=WIDTH, height=HEIGHT
            ) as preview:
                for name, target in shots.items():
                    path = IMAGES / f"{name}.png"
                    await preview.screenshot(path, target=getattr(target, "response", target))
                    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
                    sys.stdout.write(f"{path.name}\n")
        service.close()


if __name__ == "__main__":
    asyncio.run(main())
