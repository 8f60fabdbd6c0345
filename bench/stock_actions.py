"""``python -m bench.stock_actions PORT``: the stock bot's one trivial custom action, as rasa-sdk serves it."""

import sys
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher


class WhatIsOwed(Action):  # type: ignore[misc]  # rasa-sdk's classes are untyped here
    """Answers one fixed text: no ledger, no identity, no database."""

    def name(self) -> str:
        """The name in the stock bot's domain."""
        return "action_what_is_owed"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Utters the text."""
        dispatcher.utter_message(text="You owe 486.20 pounds.")
        return []


def main() -> None:
    """Serve on loopback until told to stop."""
    executor = ActionExecutor()
    executor.register_action(WhatIsOwed())
    create_app(executor).run(host="127.0.0.1", port=int(sys.argv[1]), single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
