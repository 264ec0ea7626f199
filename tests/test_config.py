from __future__ import annotations

from pathlib import Path

import pytest

from bot import config as configuration
from bot.config import CHECKOUT, Config, ConfigError, Place, Platform, Web, load_config

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    folder = tmp_path / "working"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    config = load_config(None, environ={"HOME": str(tmp_path)})

    assert config == Config(
        briefings=CHECKOUT, state=tmp_path / ".local" / "state" / "briefing-bot", web=Web(), places=()
    )
    assert config.web == Web(host="127.0.0.1", port=8080)


def test_the_state_folder_follows_the_desktops_convention(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "xdg")}

    assert load_config(None, environ=environ).state == tmp_path / "xdg" / "briefing-bot"


def test_dossiers_of_the_working_folder_go_before_those_that_are_shipped(working: Path) -> None:
    folder(working / "briefings")

    assert load_config(None, environ={}).briefings == Path("briefings")


def test_an_installed_wheel_has_its_own_dossiers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beside an installed package there may be a folder of that name, but no project.
    monkeypatch.setattr(configuration, "CHECKOUT", folder(tmp_path / "lib" / "briefings"))
    monkeypatch.setattr(configuration, "SHIPPED", folder(tmp_path / "shipped"))

    assert load_config(None, environ={}).briefings == tmp_path / "shipped"


FULL = """
briefings: facts
state: ../state
web: {host: 0.0.0.0, port: 0, hosts: [bot.example]}
places:
  - {platform: slack, channel: C1, dossiers: [coast]}
  - {platform: slack, dossiers: [coast, north]}
  - {platform: web, dossiers: []}
"""


def test_a_file_is_read_and_its_paths_are_relative_to_it(tmp_path: Path) -> None:
    folder(tmp_path / "etc" / "facts")
    config = load_config(written(tmp_path / "etc" / "bot.yaml", FULL), environ={"HOME": "/home/none"})

    assert config.briefings == tmp_path / "etc" / "facts"
    assert config.state == tmp_path / "etc" / ".." / "state"
    assert config.web == Web(host="0.0.0.0", port=0, hosts=("bot.example",))
    assert config.places[0] == Place(platform=Platform.SLACK, channel="C1", dossiers=("coast",))


def test_the_shipped_file_is_right() -> None:
    config = load_config(ROOT / "config" / "briefing-bot.yaml", environ={})

    assert config.briefings.resolve() == ROOT / "briefings"
    assert config.web == Web()
    assert config.places == ()


def test_a_file_in_the_working_folder_is_found(working: Path) -> None:
    written(working / "config" / "briefing-bot.yaml", "web: {port: 99}")

    assert load_config(None, environ={}).web.port == 99


def test_the_environment_names_the_file(tmp_path: Path, working: Path) -> None:
    written(working / "config" / "briefing-bot.yaml", "web: {port: 99}")
    environ = {"BRIEFING_BOT_CONFIG": str(written(tmp_path / "named.yaml", "web: {port: 98}"))}

    assert load_config(None, environ=environ).web.port == 98
    assert load_config(written(tmp_path / "given.yaml", "web: {port: 97}"), environ=environ).web.port == 97


@pytest.mark.parametrize("text", ["", "# nothing is set\n", "web: {}\n"])
def test_every_key_may_be_left_out(tmp_path: Path, text: str) -> None:
    assert load_config(written(tmp_path / "bot.yaml", text), environ={}).web == Web()


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "bot.yaml", "briefings: file\nstate: file\n")
    environ = {
        "BRIEFING_BOT_BRIEFINGS": str(folder(tmp_path / "environ")),
        "BRIEFING_BOT_STATE": str(tmp_path / "environ"),
    }
    given = folder(tmp_path / "given")

    chosen = load_config(file, environ=environ, briefings=given, state=given)
    assert (chosen.briefings, chosen.state) == (given, given)
    chosen = load_config(file, environ=environ)
    assert (chosen.briefings, chosen.state) == (tmp_path / "environ", tmp_path / "environ")
    folder(tmp_path / "file")
    chosen = load_config(file, environ=dict.fromkeys(environ, ""))
    assert (chosen.briefings, chosen.state) == (tmp_path / "file", tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web: {prot: 80}", 'line 1, column 7: "prot" is not a known key. Did you mean port?'),
        ("web: {port: eighty}", 'line 1, column 13: "eighty" is not a whole number.'),
        ("web: {port: 65536}", "web.port is 65536; a port is a number from 0 to 65535."),
        ("web: {port: -1}", "web.port is -1"),
        ("web: 8080", "line 1, column 6: This is a single value; a mapping"),
        ("- web", "line 1, column 1: This is a list; a mapping"),
        ("briefings: [a]", "line 1, column 12: This is a list; a single value"),
        ("places: [{platform: slack}]", "row 1 of places sets nothing: add dossiers or time_zone."),
        ("places: [{platform: slack, time_zone: Mars/Base}]", "there is no time zone “Mars/Base”"),
        ("posts: {time_zone: ../etc/passwd}", "there is no time zone “../etc/passwd”"),
        ("posts: {time_zone: Europe}", "there is no time zone “Europe”"),
        ("posts: {grace: soon}", "posts.grace: “soon” is no time between 1m and 24h"),
        ("posts: {grace: 25h}", "“25h” is no time"),
        ("posts: {quiet: never}", '"never" is not one of the allowed values'),
        ("posts: {allow: [{platform: web}]}", "posts.allow names people of web"),
        ("posts: {operator: {platform: slack}}", "The required key channel is missing."),
        ("places: [{platform: slak, dossiers: [a]}]", 'column 21: "slak" is not one of the allowed values.'),
        ("state: &x secret", "line 1, column 8"),
        ("web: [", "line 1"),
        ("web: {}\nweb: {}", "line 2, column 1"),
        ("web:\n\tport: 1", "line 2, column 1"),
    ],
)
def test_an_error_is_told_in_a_sentence_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path / "bot.yaml", text)

    with pytest.raises(ConfigError) as refused:
        load_config(file, environ={})
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read \\(No such file or directory\\)"):
        load_config(tmp_path / "nowhere.yaml", environ={})
    with pytest.raises(ConfigError, match="cannot be read \\(Is a directory\\)"):
        load_config(None, environ={"BRIEFING_BOT_CONFIG": str(tmp_path)})
    with pytest.raises(ConfigError, match="line 1"):
        load_config(written(tmp_path / "bot.yaml", "web: \x00"), environ={})


def test_a_folder_of_dossiers_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "bot.yaml", "briefings: nowhere")

    with pytest.raises(ConfigError, match=r"There is no folder .*nowhere: .* --briefings\."):
        load_config(file, environ={})
    with pytest.raises(ConfigError, match="There is no folder"):
        load_config(None, environ={}, briefings=file)


def test_a_place_sees_what_is_listed_for_it(tmp_path: Path) -> None:
    folder(tmp_path / "facts")
    config = load_config(written(tmp_path / "bot.yaml", FULL), environ={})

    assert config.dossiers("slack", "C1") == ("coast",)
    assert config.dossiers("slack", "C2") == ("coast", "north")
    assert config.dossiers("slack") == ("coast", "north")
    assert config.dossiers("web", "anything") == ()
    assert config.dossiers("discord", "C1") is None
    assert config.dossiers("terminal") is None


def test_a_channel_goes_before_its_workspace_and_that_before_the_rest(tmp_path: Path) -> None:
    folder(tmp_path / "facts")
    places = """
briefings: facts
places:
  - {platform: slack, dossiers: []}
  - {platform: slack, workspace: T1, dossiers: [one]}
  - {platform: slack, channel: C1, dossiers: [two]}
  - {platform: slack, channel: C1, workspace: T2, dossiers: [three]}
"""
    config = load_config(written(tmp_path / "bot.yaml", places), environ={})

    assert config.dossiers("slack", "C9", "T9") == ()
    assert config.dossiers("slack", "C9", "T1") == config.dossiers("slack", "", "T1") == ("one",)
    assert config.dossiers("slack", "C1", "T1") == config.dossiers("slack", "C1") == ("two",)
    assert config.dossiers("slack", "C1", "T2") == ("three",)


def test_another_base_has_other_snapshots(tmp_path: Path) -> None:
    def snapshots(briefings: Path) -> Path:
        return Config(briefings=briefings, state=tmp_path, web=Web(), places=()).snapshots

    one, other = folder(tmp_path / "one"), folder(tmp_path / "other")

    assert snapshots(one).is_relative_to(tmp_path)
    assert snapshots(one) != snapshots(other)
    assert snapshots(one) == snapshots(tmp_path / "other" / ".." / "one")


def test_a_zone_is_the_channels_own_or_that_of_all_posts(tmp_path: Path) -> None:
    folder(tmp_path / "facts")
    text = """
briefings: facts
posts: {time_zone: UTC, quiet: skip, allow: [{platform: slack, users: [U1], roles: [managers]}]}
schedules: ours.yaml
places:
  - {platform: slack, channel: C1, time_zone: Europe/Berlin}
  - {platform: slack, workspace: T1, dossiers: [one], time_zone: Asia/Kolkata}
"""
    config = load_config(written(tmp_path / "bot.yaml", text), environ={})

    assert config.time_zone("slack", "C1", "T1") == "Europe/Berlin"
    assert config.time_zone("slack", "C2", "T1") == "Asia/Kolkata"
    assert config.time_zone("discord", "C1") == "UTC"
    assert config.dossiers("slack", "C1", "T1") == ("one",)
    assert config.dossiers("slack", "C1") is None
    assert config.posts.allow[0].users == ("U1",)
    assert config.schedules == tmp_path / "ours.yaml"
