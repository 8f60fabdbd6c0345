"""The gateway: channels, the handling of turns, chat API, webhooks and pay pages. The only process that listens."""
