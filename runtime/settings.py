"""Every setting of Debtdesk, read once from the environment and checked before anything starts."""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.errors import OperatorError
from runtime.webhooks import addresses, creditors_of, keys_of

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of one installation. Variables carry the prefix ``DEBTDESK_`` unless named below."""

    model_config = SettingsConfigDict(env_prefix="DEBTDESK_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(ROOT / "var", description="Folder for all that the embedded default writes")
    database_url: str | None = Field(None, description="SQLAlchemy URL; SQLite in the data folder when unset")
    host: str = Field("127.0.0.1", description="Address the gateway listens on")
    port: int = Field(8000, ge=1, le=65535, description="Port of the gateway")
    rasa_port: int = Field(5005, ge=1, le=65535, description="Port of the engine, loopback only")
    actions_port: int = Field(5055, ge=1, le=65535, description="Port of the action server, loopback only")
    stripe_standin_port: int = Field(8010, ge=1, le=65535, description="Port of the local Stripe stand-in")
    public_url: str | None = Field(None, description="Address under which debtors reach the gateway")
    frame_ancestors: str = Field("'self'", description="Origins whose pages may embed the chat, separated by spaces")
    profile: str = Field("uk", description="Jurisdiction profile: the name of a file in compliance/profiles")
    operator_file: Path = Field(ROOT / "operator.yml", description="Who the operator is")
    identity_file: Path = Field(ROOT / "identity.yml", description="How identity is proved; built-in rules without it")
    policy_dir: Path = Field(ROOT / "policies", description="Folder of the creditors' policy files")
    demo: bool = Field(False, description="Whether the demo portfolio is loaded")
    payments: Literal["auto", "test", "off"] = Field("auto", description="'test' allows the stand-in without demo")
    secret_key: SecretStr | None = Field(None, description="Key of encryption at rest; made when unset")
    engine_secret: SecretStr | None = Field(None, description="Shared secret of engine and actions; made when unset")
    alert_webhook: str | None = Field(None, description="URL that gets staff alerts as JSON")
    alert_email: str | None = Field(None, description="Address that gets staff alerts")
    smtp_url: str | None = Field(None, description="smtp://user:password@host:port of outgoing e-mail")
    sms_url: str | None = Field(None, description="https://… of the gateway that sends text messages")
    sms_secret: SecretStr | None = Field(None, validate_default=True, description="What calls of it are signed with")
    feed_url: str | None = Field(None, description="Who gets the feed: https://…, or several as name=https://…")
    feed_dir: Path | None = Field(None, description="Folder the feed is written to, as signed files")
    feed_secret: SecretStr | None = Field(None, validate_default=True, description="What the feed is signed with")
    feed_creditors: str | None = Field(None, validate_default=True,
                                       description="Creditors with a receiver of their own: name=REF,REF name=REF")
    feed_poll_seconds: float = Field(10, ge=0.1, le=300, description="How often new events are sent out")
    evidence_anchor: Path | None = Field(None, description="File that keeps the end of the evidence log")
    messages_per_minute: int = Field(40, ge=1, description="Messages one conversation may send a minute")
    sessions_per_minute: int | None = Field(None, ge=1, description="Conversations one address may begin a minute; "
                                            "as many as messages_per_minute when unset. More for a shared address")
    calls_per_minute: int | None = Field(None, ge=1, description="Calls of any kind from one address a minute, each "
                                         "gateway; 75 times messages_per_minute when unset")
    connections: int = Field(8000, ge=10, description="Connections one gateway holds at a time")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    stripe_api_key: SecretStr | None = Field(None, validation_alias="STRIPE_API_KEY")
    stripe_webhook_secret: SecretStr | None = Field(None, validation_alias="STRIPE_WEBHOOK_SECRET")
    telegram_bot_token: SecretStr | None = Field(None, validation_alias="TELEGRAM_BOT_TOKEN")
    telegram_api_url: str = Field("https://api.telegram.org/bot", description="Bot API address")

    @field_validator("data_dir", "operator_file", "identity_file", "policy_dir", "feed_dir", "evidence_anchor",
                     mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value if value is None or value.is_absolute() else (ROOT / value)

    @field_validator("database_url", "public_url", "stripe_api_key", "stripe_webhook_secret", "telegram_bot_token",
                     "alert_webhook", "alert_email", "smtp_url", "secret_key", "engine_secret", "feed_url", "feed_dir",
                     "feed_secret", "feed_creditors", "sms_url", "sms_secret", "evidence_anchor", "sessions_per_minute",
                     "calls_per_minute", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("frame_ancestors", mode="after")
    @classmethod
    def _origins(cls, value: str) -> str:
        """Origins as Content-Security-Policy spells them; nothing that could end the directive."""
        words = value.split() or ["'none'"]
        for word in words:
            if not re.fullmatch(r"'self'|'none'|https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?", word):
                raise ValueError(f"{word} is not an origin such as https://www.example.com, nor 'self' or 'none'")
        return " ".join(words)

    @field_validator("feed_url", mode="after")
    @classmethod
    def _addresses(cls, value: str | None) -> str | None:
        addresses(value or "")
        return value

    @field_validator("sms_url", mode="after")
    @classmethod
    def _sms_address(cls, value: str | None) -> str | None:
        if value is not None and list(addresses(value)) != ["webhook"]:
            raise ValueError("one address such as https://sms.example.com/send")
        return value

    @field_validator("sms_secret", mode="after")
    @classmethod
    def _sms_signed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            keys_of(value.get_secret_value())
        elif info.data.get("sms_url"):
            raise ValueError("calls of the SMS gateway are signed: make a secret with: debtdesk feed secret")
        return value

    @field_validator("feed_secret", mode="after")
    @classmethod
    def _signed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            keys_of(value.get_secret_value())
        elif info.data.get("feed_url") or info.data.get("feed_dir"):
            raise ValueError("the feed is signed: make a secret with: debtdesk feed secret")
        return value

    @field_validator("feed_creditors", mode="after")
    @classmethod
    def _served(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = {*addresses(info.data.get("feed_url") or ""), *(["files"] if info.data.get("feed_dir") else [])}
        if strange := sorted(creditors_of(value or "").keys() - known):
            raise ValueError(f"{strange[0]} is no receiver of the feed: name it in DEBTDESK_FEED_URL first")
        return value

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'debtdesk.sqlite3'}"

    @property
    def site(self) -> str:
        """The gateway's address as debtors see it, without a trailing slash."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def sessions_each_minute(self) -> int:
        """Conversations one address may begin a minute."""
        return self.sessions_per_minute or self.messages_per_minute

    @property
    def calls_each_minute(self) -> int:
        """Calls one address may make a minute: a library's readers and a team of staff have one address."""
        return self.calls_per_minute or 75 * self.messages_per_minute

    @property
    def stripe_mode(self) -> Literal["real", "standin", "off"]:
        """How card payments are taken: Stripe itself, the local stand-in, or not at all."""
        if self.payments == "off":
            return "off"
        if self.stripe_api_key:
            return "real"
        return "standin" if self.demo or self.payments == "test" else "off"


@cache
def settings() -> Settings:
    """The settings of this process. Raises OperatorError with one clear line per wrong value."""
    try:
        return Settings()  # type: ignore[call-arg]  # every field has a default or an environment variable
    except ValidationError as error:
        lines = [f"{_variable(str(e['loc'][0]))}: {e['msg']}" for e in error.errors()]
        raise OperatorError("Wrong setting. " + "; ".join(lines)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"The file .env cannot be read: {error}") from None


def _variable(field: str) -> str:
    """The environment variable of a field, which pydantic names by its alias where it has one."""
    return f"DEBTDESK_{field.upper()}" if field in Settings.model_fields else field.removeprefix("debtdesk_").upper()
