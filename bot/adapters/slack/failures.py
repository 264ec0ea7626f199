"""What a failed call to Slack means: is it worth another try, and what does the operator do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from bot.adapters.texts import inert, shorten
from bot.posting import Outcome, PostError, Reference, Scope

LONGEST_WAIT: Final = 60.0
"""Seconds that a call waits for a rate limit itself; a longer wait is the caller's business."""

REFUSES_BLOCKS: Final = frozenset({"invalid_blocks", "invalid_blocks_format"})


class SlackFailureError(Exception):
    """A call to Slack failed. `advice` is one sentence for the operator; `retry_after` is in seconds.

    `scope` is how far it reaches; the code says, unless it is given.
    """

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        advice: str,
        retry_after: float | None = None,
        scope: Scope | None = None,
    ) -> None:
        super().__init__(f"{code}: {advice}")
        self.outcome = outcome
        self.code = code
        self.advice = advice
        self.retry_after = retry_after
        self.scope = scope or _SCOPES.get(code, Scope.PLACE)


_REINSTALL = "Install the app again and set the new token."
_REPORT = "Slack refused the layout or length of the message: please report the command that made it."
_ADVICE: Final[Mapping[str, str]] = {
    "not_in_channel": "Invite the bot: type /invite and the app's name in the channel.",
    "channel_not_found": "The channel is gone, or private and the bot is not in it: invite the bot there.",
    "is_archived": "The channel is archived: unarchive it or choose another.",
    "missing_scope": "The token lacks the scope {needed}: add it under OAuth & Permissions and reinstall.",
    "invalid_auth": f"Slack does not accept the token. {_REINSTALL}",
    "not_authed": "No token was sent. Set SLACK_BOT_TOKEN.",
    "account_inactive": f"The token's account was deactivated. {_REINSTALL}",
    "token_revoked": f"The token was revoked. {_REINSTALL}",
    "token_expired": f"The token has expired and was not refreshed. {_REINSTALL}",
    "not_allowed_token_type": "This is the wrong kind of token: SLACK_BOT_TOKEN begins with xoxb-.",
    "no_permission": "The token may not do this: add the scope {needed} and reinstall the app.",
    "restricted_action": "The workspace restricts posting in this channel: ask its administrator.",
    "restricted_action_read_only_channel": "The channel is read-only: ask its administrator.",
    "ekm_access_denied": "The workspace's key management forbids it: ask its administrator.",
    "team_access_not_granted": "The app is not granted to this workspace: ask the administrator.",
    "access_denied": "The workspace denies the app access: ask its administrator.",
    "org_login_required": "The workspace is being moved: try again when that is done.",
    "user_not_found": "Slack does not know the user.",
    "messages_tab_disabled": "Turn on the messages tab under App Home, so that the bot can write to people.",
    "thread_not_found": "The thread is gone.",
    "message_not_found": "The message is gone: somebody has deleted it.",
    "cant_update_message": "Slack does not let the bot edit this message: another app or person wrote it.",
    "edit_window_closed": "The workspace does not allow messages to be edited after so long.",
    "user_disabled": "The person's account is deactivated.",
    "cannot_dm_bot": "This is a bot: it takes no direct messages.",
    "msg_too_long": _REPORT,
    "msg_blocks_too_long": _REPORT,
    "invalid_blocks": _REPORT,
    "metadata_too_large": "The key of the post is too long.",
}
_SCOPES: Final[Mapping[str, Scope]] = {
    **dict.fromkeys(
        (
            "access_denied",
            "account_inactive",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "invalid_auth",
            "missing_scope",
            "not_allowed_token_type",
            "not_authed",
            "not_installed",
            "org_login_required",
            "team_access_not_granted",
            "token_expired",
            "token_revoked",
            "wrong_key",
        ),
        Scope.WORKSPACE,
    ),
    **dict.fromkeys(
        (
            "invalid_arguments",
            "invalid_blocks",
            "invalid_blocks_format",
            "metadata_too_large",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
        ),
        Scope.CONTENT,
    ),
}
_MAYBE_DONE: Final = frozenset({"fatal_error", "internal_error", "service_unavailable"})
_NOT_DONE: Final = frozenset({"ratelimited", "rate_limited", "request_timeout", "message_limit_exceeded"})


def failure_of(error: BaseException) -> SlackFailureError:
    """Return what an exception of slack_sdk or aiohttp means for a call that changes something."""
    if isinstance(error, SlackFailureError):
        return error
    if isinstance(error, SlackApiError):
        return _refusal(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return SlackFailureError(
            Outcome.TRANSIENT, "not_connected", "Slack cannot be reached; nothing was sent. Try again later."
        )
    name = type(error).__name__
    return SlackFailureError(
        Outcome.UNKNOWN, name, "Slack's answer was lost: the call may have taken effect."
    )


def failure_of_code(code: str, needed: str = "", retry_after: float | None = None) -> SlackFailureError:
    """Return what one of Slack's error codes means."""
    if code in _NOT_DONE:
        outcome, advice = Outcome.TRANSIENT, "Slack asks for a pause. Try again later."
    elif code in _MAYBE_DONE:
        outcome, advice = Outcome.UNKNOWN, "Slack failed inside: the call may have taken effect."
    else:
        unknown = f"Slack refused the call ({inert(code)[:60]}): look the code up at docs.slack.dev."
        advice = _ADVICE.get(code) or unknown.replace("{", "(").replace("}", ")")
        outcome, advice = Outcome.PERMANENT, advice.format(needed=needed or "that Slack names")
    return SlackFailureError(outcome, code, advice, retry_after)


def post_error(error: BaseException, posted: Reference | None = None) -> PostError:
    """Return what an exception means for a post; `posted` is what stands."""
    failure = failure_of(error)
    return PostError(
        failure.outcome,
        failure.advice,
        posted=posted,
        retry_after=failure.retry_after,
        scope=failure.scope,
    )


def refused_id(given: str, what: str, example: str) -> SlackFailureError:
    """Return that something is not the id of a channel or person, with an example of one."""
    shown = shorten(inert(given), 40)
    return SlackFailureError(
        Outcome.PERMANENT, "no_id", f"“{shown}” is not the id of {what} in Slack, such as {example}."
    )


def _refusal(error: SlackApiError) -> SlackFailureError:
    response = error.response
    data = getattr(response, "data", None)
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    headers: Mapping[str, Any] = getattr(response, "headers", None) or {}
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429:
        return failure_of_code("ratelimited", retry_after=seconds(headers.get("Retry-After")))
    if code and status < 500:
        needed = str(data.get("needed") or "") if isinstance(data, dict) else ""
        return failure_of_code(code, needed, seconds(headers.get("Retry-After")))
    answer = f"HTTP {status}" if status >= 500 else "an answer that is none"
    return SlackFailureError(
        Outcome.UNKNOWN, code or "no_answer", f"Slack gave {answer}: the call may have taken effect."
    )


def seconds(header: object) -> float | None:
    """Read a `Retry-After` header: seconds from 0 to a day; None if it is missing or makes no sense."""
    text = str(header[0] if isinstance(header, list) and header else header or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(float(text[:12]), 86_400.0)


class RateLimitRetry(AsyncRateLimitErrorRetryHandler):
    """Waits out a rate limit and tries again; a wait longer than a minute is left to the caller.

    slack_sdk's own handler sleeps as long as Slack says, even for years, and fails on `Retry-After: abc`.
    """

    def __init__(self, tries: int = 2, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        super().__init__(max_retry_count=tries)
        self._sleep = sleep

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        return (self._wait(state, response)) <= LONGEST_WAIT

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Sleep, then let the request go out again."""
        if response is None:
            raise error or RuntimeError("A retry without an answer.")
        await self._sleep(self._wait(state, response) + random.random() / 4)  # noqa: S311 - spreads retries
        state.next_attempt_requested = True
        state.increment_current_attempt()

    @staticmethod
    def _wait(state: RetryState, response: HttpResponse) -> float:
        headers = {name.lower(): value for name, value in response.headers.items()}
        said = seconds(headers.get("retry-after"))
        return said if said is not None else float(2**state.current_attempt)
