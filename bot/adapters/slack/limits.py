"""Slack's numbers, each with the page that states it.

The pages lie under https://docs.slack.dev; where Slack documents nothing, the line says who measured.
Characters are counted in UTF-16 units: Slack does not say which it counts, and no way gives more.
"""

from __future__ import annotations

from typing import Final

# reference/block-kit/blocks
MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100

# reference/block-kit/blocks/header-block, context-block, actions-block, image-block, table-block
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
CONTEXT_TEXT: Final = 2_000
ACTIONS_ELEMENTS: Final = 25
IMAGE_URL: Final = 3_000
IMAGE_ALT: Final = 2_000
IMAGE_TITLE: Final = 2_000
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLES_PER_MESSAGE: Final = 1
TABLE_CHARACTERS: Final = 10_000
"""Rows count the head. One table a message and 10,000 characters are said by third parties only."""

# reference/block-kit/composition-objects/text-object, option-object
TEXT: Final = 3_000
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OPTION_DESCRIPTION: Final = 75
OPTIONS: Final = 100

# reference/block-kit/block-elements/button-element, multi-select-menu-element
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
ACTION_ID: Final = 255
PLACEHOLDER: Final = 150

# reference/views
MODAL_TITLE: Final = 24
PRIVATE_METADATA: Final = 3_000

# reference/methods/chat.postMessage: `text` is cut above 40,000; about 4,000 are advised
FALLBACK_TEXT: Final = 4_000

MESSAGE_CHARACTERS: Final = 12_000
"""All blocks of a message as compact JSON.

Undocumented: a user measured `msg_blocks_too_long` at about 13,200 (slackapi/bolt-js #2509).
"""

# reference/app-manifest, schema of 2026-06-19
APP_NAME: Final = 35
APP_DESCRIPTION: Final = 140
APP_LONG_DESCRIPTION: Final = 4_000
APP_LONG_DESCRIPTION_LEAST: Final = 175
COMMANDS: Final = 50
COMMAND_NAME: Final = 32
COMMAND_DESCRIPTION: Final = 2_000
USAGE_HINT: Final = 1_000
SHORTCUT_NAME: Final = 24
SHORTCUT_DESCRIPTION: Final = 150

# interactivity/handling-user-interaction
ACKNOWLEDGE_SECONDS: Final = 3
RESPONSE_URL_USES: Final = 5
RESPONSE_URL_SECONDS: Final = 30 * 60

# authentication/verifying-requests-from-slack
CLOCK_SKEW_SECONDS: Final = 5 * 60
