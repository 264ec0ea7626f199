"""What an operator sets: a YAML file, the environment and the command line, the later ones winning.

Read when asked, never at import. Secrets are not part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bot.facts.findings import Findings
from bot.facts.reader import read
from bot.facts.records import Record
from bot.facts.shape import BAD, build
from bot.posts.grace import GraceError, read_grace
from bot.posts.records import Quiet

SHIPPED: Final = Path(__file__).parent / "shipped"
"""The dossiers inside an installed wheel."""

CHECKOUT: Final = Path(__file__).parent.parent / "briefings"
"""The dossiers of a checkout."""

# https://docs.discord.com/developers/reference#locales
LOCALES: Final = frozenset(
    [
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en-GB",
        "en-US",
        "es-419",
        "es-ES",
        "fi",
        "fr",
        "hi",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "nl",
        "no",
        "pl",
        "pt-BR",
        "ro",
        "ru",
        "sv-SE",
        "th",
        "tr",
        "uk",
        "vi",
        "zh-CN",
        "zh-TW",
    ]
)

NAME: Final = "briefing-bot.yaml"


class ConfigError(ValueError):
    """A setting that cannot be used; the message is one sentence with the place."""


class Web(Record, frozen=True, kw_only=True):
    """The web playground: where it listens, and under which further names browsers may reach it.

    Port 0 takes any free one; `hosts` are the names that a reverse proxy passes on.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()


class Rename(Record, frozen=True, kw_only=True):
    """Another name of a command on a platform: `{command: who, name: people}`."""

    command: str
    name: str


class Slack(Record, frozen=True, kw_only=True):
    """How the bot behaves in Slack; tokens come from the environment.

    `public` lists commands and channel ids whose answers everyone sees. `host`, `port` and `public_url` are
    those of the HTTP mode. `silence_seconds` is how long Socket Mode may be silent before it connects anew.
    `base_url` and `authorize_url` differ in GovSlack.
    """

    app_name: str = "Briefing"
    names: tuple[Rename, ...] = ()
    public: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 3000
    public_url: str = ""
    silence_seconds: int = 120
    base_url: str = "https://slack.com/api/"
    authorize_url: str = "https://slack.com/oauth/v2/authorize"


class Switch(StrEnum):
    """A setting that is on or off."""

    ON = "on"
    OFF = "off"


class Translation(Record, frozen=True, kw_only=True):
    """A command's or option's description in another language; `locale` is Discord's, such as `de`."""

    locale: str
    english: str
    translated: str


class Discord(Record, frozen=True, kw_only=True):
    """How the bot behaves in Discord; the token comes from the environment.

    `public` lists commands and channel ids whose answers everyone sees. `mentions` answers "@briefing who
    gref" and direct messages; when off, no messages are received. `sync` registers the commands at start
    where they differ. `host` and `port` are those of HTTP interactions. `silence_seconds` is how long a shard
    may say nothing before it is asked, and connected anew; `shards` of 0 lets Discord say how many.
    """

    public: tuple[str, ...] = ()
    mentions: Switch = Switch.ON
    sync: Switch = Switch.ON
    translations: tuple[Translation, ...] = ()
    host: str = "127.0.0.1"
    port: int = 3001
    silence_seconds: int = 900
    shards: int = 0


class Platform(StrEnum):
    """Where the bot speaks."""

    SLACK = "slack"
    DISCORD = "discord"
    WEB = "web"
    TERMINAL = "terminal"


class Place(Record, frozen=True, kw_only=True):
    """What a channel of a platform sees: these dossiers only; and the IANA time zone of its posts.

    Without a channel, all channels that are not listed: of the workspace if one is named, else of any.
    In Discord `channel` may be the id of a server too, and then means all of its channels.
    """

    platform: Platform
    dossiers: tuple[str, ...] | None = None
    time_zone: str = ""
    channel: str = ""
    workspace: str = ""


class Allow(Record, frozen=True, kw_only=True):
    """Who may change schedules and watches on a platform, by its ids; in one workspace or server, or in all.

    `roles` are Discord's roles or Slack's user groups; the word `managers` stands for the workspace's owners
    and administrators, or for those who may manage the server.
    """

    platform: Platform
    workspace: str = ""
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Operator(Record, frozen=True, kw_only=True):
    """The channel in which the operator is told what went wrong with posts."""

    platform: Platform
    channel: str
    workspace: str = ""


class Posts(Record, frozen=True, kw_only=True):
    """What holds for scheduled posts where nothing else is said.

    `time_zone` is an IANA zone; `grace` how late a post may be; `quiet` what happens where nothing changed.
    On a platform that no row of `allow` names, its managers may.
    """

    time_zone: str = ""
    grace: str = "1h"
    quiet: Quiet = Quiet.SAY
    allow: tuple[Allow, ...] = ()
    operator: Operator | None = None


class Settings(Record, frozen=True, kw_only=True):
    """The configuration file: every key may be left out."""

    briefings: str | None = None
    state: str | None = None
    database: str | None = None
    web: Web = Web()
    slack: Slack = Slack()
    discord: Discord = Discord()
    places: tuple[Place, ...] = ()
    posts: Posts = Posts()
    schedules: str | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration in use: the folder of dossiers, and the one where the bot keeps its own files.

    `database` is the URL of the state that must outlive the process: SQLite, or PostgreSQL for replicas.
    `schedules` is the file of declared schedules, which need not exist.
    """

    briefings: Path
    state: Path
    web: Web
    discord: Discord = Discord()
    places: tuple[Place, ...]
    slack: Slack = Slack()
    posts: Posts = Posts()
    schedules: Path = Path("config") / "schedules.yaml"
    database: str = ""

    @property
    def database_url(self) -> str:
        """The URL of the state's database: a SQLite file in the folder above unless another is set."""
        return self.database or f"sqlite:///{self.state / 'state.db'}"

    @property
    def snapshots(self) -> Path:
        """The folder of this base's snapshots; another base has another."""
        root = hashlib.sha256(str(self.briefings.resolve()).encode()).hexdigest()[:8]
        return self.state / "snapshots" / root

    def dossiers(self, platform: str, channel: str = "", workspace: str = "") -> tuple[str, ...] | None:
        """Return the dossiers that a channel of a workspace or server sees, or None for all of them.

        What is said of the channel goes before what is said of the workspace, and that before the rest.
        """
        said = (place.dossiers for place in self._said_of(platform, channel, workspace))
        return next((one for one in said if one is not None), None)

    def time_zone(self, platform: str, channel: str = "", workspace: str = "") -> str:
        """Return the time zone of a channel: its own, else that of all posts, else an empty string."""
        said = (place.time_zone for place in self._said_of(platform, channel, workspace))
        return next((one for one in said if one), self.posts.time_zone)

    def _said_of(self, platform: str, channel: str, workspace: str) -> Iterator[Place]:
        wanted_in_turn = ((channel, workspace), (channel, ""), ("", workspace), (workspace, ""), ("", ""))
        for wanted in wanted_in_turn:
            for place in self.places:
                if (place.platform, place.channel, place.workspace) == (platform, *wanted):
                    yield place


def load_config(
    path: Path | None,
    *,
    environ: Mapping[str, str],
    briefings: Path | None = None,
    state: Path | None = None,
) -> Config:
    """Read the configuration.

    The file is `path`, or what BRIEFING_BOT_CONFIG names, or `config/briefing-bot.yaml` in the working folder
    if it is there. Paths in it are relative to it. `briefings` and `state` go before BRIEFING_BOT_BRIEFINGS
    and BRIEFING_BOT_STATE, and those before the file.

    Raises:
        ConfigError: the file cannot be read, has an error, or names a folder that does not exist.
    """
    named = path or _path(environ, "BRIEFING_BOT_CONFIG")
    file = named or Path("config") / NAME
    settings = _read(file) if named or file.is_file() else Settings()
    beside = file.parent
    root = briefings or _path(environ, "BRIEFING_BOT_BRIEFINGS")
    if root is None:
        root = beside / settings.briefings if settings.briefings else _default_briefings()
    if not root.is_dir():
        raise ConfigError(f"There is no folder {root}: name the folder of dossiers with --briefings.")
    kept = state or _path(environ, "BRIEFING_BOT_STATE")
    if kept is None:
        kept = beside / settings.state if settings.state else _default_state(environ)
    database = environ.get("BRIEFING_BOT_DATABASE") or settings.database or ""
    return Config(
        briefings=root,
        state=kept,
        web=settings.web,
        places=settings.places,
        slack=settings.slack,
        discord=settings.discord,
        posts=settings.posts,
        schedules=beside / (settings.schedules or "schedules.yaml"),
        database=database,
    )


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _read(file: Path) -> Settings:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"The configuration {file} cannot be read ({error.strerror}).") from None
    reading = read(data, str(file))
    found = Findings(str(file))
    # Y019, an empty file, is an error only where there must be records.
    found.found = [one for one in reading.findings if one.code != "Y019"]
    settings = build(reading.tree, Settings, found) if reading.tree else Settings()
    if found.found or settings is BAD:
        first = min(found.found)
        raise ConfigError(
            f"{first.file}, line {first.line}, column {first.column}: {first.message} {first.fix}"
        )
    ports = (("web", settings.web.port), ("slack", settings.slack.port), ("discord", settings.discord.port))
    for name, port in ports:
        if not 0 <= port <= 65_535:
            raise ConfigError(f"{file}: {name}.port is {port}; a port is a number from 0 to 65535.")
    chat = settings.discord
    if chat.shards < 0:
        raise ConfigError(f"{file}: discord.shards is {chat.shards}; with 0 Discord says how many.")
    if chat.silence_seconds < 1:
        raise ConfigError(f"{file}: discord.silence_seconds is {chat.silence_seconds}; the least is 1.")
    for one in chat.translations:
        if one.locale not in LOCALES:
            known = ", ".join(sorted(LOCALES))
            raise ConfigError(f"{file}: Discord has no locale “{one.locale}”; it has {known}.")
    _check_posts(file, settings)
    return msgspec.convert(settings, Settings, from_attributes=True)


def _check_posts(file: Path, settings: Settings) -> None:
    for number, place in enumerate(settings.places, start=1):
        if place.dossiers is None and not place.time_zone:
            raise ConfigError(f"{file}: row {number} of places sets nothing: add dossiers or time_zone.")
    try:
        read_grace(settings.posts.grace)
    except GraceError as error:
        raise ConfigError(f"{file}: posts.grace: {error}") from None
    for name in (settings.posts.time_zone, *(place.time_zone for place in settings.places)):
        if name and not is_zone(name):
            raise ConfigError(f"{file}: there is no time zone “{name[:60]}”; write one like Europe/Berlin.")
    for row in settings.posts.allow:
        if row.platform not in {Platform.SLACK, Platform.DISCORD}:
            raise ConfigError(
                f"{file}: posts.allow names people of {row.platform}; it takes slack or discord."
            )


def is_zone(name: str) -> bool:
    """Say whether there is an IANA time zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _default_briefings() -> Path:
    working = Path("briefings")
    is_checkout = (CHECKOUT.parent / "pyproject.toml").is_file()
    return working if working.is_dir() else CHECKOUT if is_checkout else SHIPPED


def _default_state(environ: Mapping[str, str]) -> Path:
    base = (
        _path(environ, "XDG_STATE_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".local" / "state"
    )
    return base / "briefing-bot"
