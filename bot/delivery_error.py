"""What every way of delivering raises."""


class DeliveryError(Exception):
    """It could not be delivered now. ``final`` when trying again is of no use."""

    def __init__(self, reason: str, *, final: bool = False, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.final = final
        self.wait_seconds = wait_seconds
