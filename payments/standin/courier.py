"""Brings events to the gateway's webhook endpoint: signed as Stripe signs, repeated until a 2xx answer."""

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
from stripe import WebhookSignature

from payments.standin.store import Delivery, Store

log = logging.getLogger("debtdesk.standin")

_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
_MOST_TRIES = 200


class Courier:
    """A background thread that delivers what is due. Several deliveries may run at once and overtake."""

    def __init__(self, store: Store, *, url: str, secret: str, pauses: tuple[float, ...] = _PAUSES) -> None:
        self._store = store
        self._url = url
        self._secret = secret
        self._pauses = pauses
        self._stopping = threading.Event()
        self._under_way: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._client = httpx.Client(timeout=10.0, trust_env=False)

    def start(self) -> None:
        """Begin delivering."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and stop."""
        self._stopping.set()
        self._thread.join(timeout=15)
        self._client.close()

    def _run(self) -> None:
        with ThreadPoolExecutor(max_workers=4) as workers:
            while not self._stopping.wait(0.05):
                for delivery in self._store.due(time.time()):
                    if delivery.number not in self._under_way:
                        self._under_way.add(delivery.number)
                        workers.submit(self._try, delivery)

    def _try(self, delivery: Delivery) -> None:
        try:
            body = json.dumps(delivery.event)
            headers = {"Content-Type": "application/json; charset=utf-8",
                       "Stripe-Signature": WebhookSignature.generate_signature_header(body, self._secret)}
            try:
                status = str(self._client.post(self._url, content=body.encode(), headers=headers).status_code)
            except httpx.HTTPError as error:
                status = type(error).__name__
            delivered = status.startswith("2")
            again = delivery.tries + 1 < _MOST_TRIES and not delivered
            pause = self._pauses[min(delivery.tries, len(self._pauses) - 1)]
            self._store.tried(delivery.number, status, delivered=delivered,
                              next_at=time.time() + pause if again else None)
            if not delivered:
                log.warning("webhook %s not taken (%s), next try in %.0f s", delivery.event["type"], status, pause)
        except Exception:
            log.exception("a webhook delivery failed")
        finally:
            self._under_way.discard(delivery.number)
