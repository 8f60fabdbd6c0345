"""``python -m setup.advisories``: known weaknesses in what both environments are locked to.

Asked with pip-audit, of the first source that answers. A mirror of packages that knows no advisories says of each that
it does not know it: that is no answer. What the engine pins and cannot leave is accepted by name, one at a time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomllib

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"application": ROOT / "requirements.lock", "engine": ROOT / "engine" / "requirements.lock"}
ACCEPTED = {"engine": ROOT / "engine" / "accepted-advisories.toml"}
SOURCES = ("pypi", "osv")
PIP_AUDIT = (sys.executable, "-m", "pip_audit")
PATIENCE_SECONDS = 180
NO_WAY = ("connection", "timeout", "timed out", "max retries", "name resolution", "proxyerror", "service unavailable")
"""Parts of what is said when a source cannot be reached; anything else that is no answer is a failure."""


class AdvisoryError(Exception):
    """What keeps us from knowing, and is not the network: one clear line."""


@dataclass(frozen=True)
class Weakness:
    """One advisory that hits one locked package."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixes: tuple[str, ...]

    def __str__(self) -> str:
        fixed = f"fixed in {', '.join(self.fixes)}" if self.fixes else "no fixed version is known"
        return f"{self.package} {self.version}: {', '.join(self.ids)}; {fixed}"


@dataclass
class Answer:
    """What a source says of one lock."""

    checked: int = 0
    unknown: list[str] = field(default_factory=list)
    found: list[Weakness] = field(default_factory=list)


def main() -> int:
    """1 when a lock has a known weakness that nobody accepted, with name, version, id and fix of each.

    0 when there is none, or when no source of advisories can be reached: one line says which.
    """
    sources, left, failed = list(SOURCES), list(LOCKS), False
    try:
        accepted = {name: read_accepted(path) for name, path in ACCEPTED.items()}
        for name, lock in LOCKS.items():
            answer = None
            while sources and (answer := ask(lock, sources[0])) is None:
                sources.pop(0)
            if answer is None:
                print(f"advisories: no source of advisories can be reached here; not checked: {', '.join(left)}")
                break
            failed |= _say(left.pop(0), answer, accepted.get(name, {}))
    except AdvisoryError as error:
        print(f"advisories: {error}")
        return 1
    return int(failed)


def ask(lock: Path, source: str) -> Answer | None:
    """What ``source`` says of ``lock``; None when it cannot be reached, or knows none of the packages.

    Raises AdvisoryError when the lock cannot be read, or the answer cannot be understood.
    """
    command = [*PIP_AUDIT, "--disable-pip", "--require-hashes", "--timeout", "10", "--progress-spinner", "off",
               "--format", "json", "--aliases", "on", "--desc", "off", "--vulnerability-service", source,
               "-r", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    try:
        answer = understood(json.loads(done.stdout))
    except (ValueError, TypeError, KeyError, AttributeError):
        told = done.stderr.strip()
        if done.returncode and any(part in told.lower() for part in NO_WAY):
            return None
        last = told.splitlines()[-1] if told else "it said nothing"
        raise AdvisoryError(f"{lock} was not checked: pip-audit gave no answer that can be read: {last}") from None
    return answer if answer.checked else None


def understood(document: Any) -> Answer:
    """The answer in pip-audit's JSON. Raises ValueError, TypeError, KeyError or AttributeError when it is none."""
    answer = Answer()
    for package in document["dependencies"]:
        if "skip_reason" in package:
            answer.unknown.append(str(package["name"]))
            continue
        answer.checked += 1
        answer.found += [
            Weakness(str(package["name"]), str(package["version"]),
                     (str(one["id"]), *map(str, one.get("aliases") or ())), tuple(map(str, one["fix_versions"])))
            for one in package["vulns"]
        ]
    return answer


def read_accepted(path: Path) -> dict[tuple[str, str], str]:
    """The reason for each package and id. Raises AdvisoryError when an entry lacks one of the three or stands twice."""
    found: dict[tuple[str, str], str] = {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    except (OSError, ValueError) as error:
        raise AdvisoryError(f"{path.name} cannot be read: {error}") from None
    for entry in entries:
        package, known_as, reason = (str(entry.get(name, "")).strip() for name in ("package", "id", "reason"))
        if not (package and known_as and reason):
            raise AdvisoryError(f"{path.name}: {entry} must have package, id and reason")
        if (package, known_as) in found:
            raise AdvisoryError(f"{path.name}: {known_as} of {package} stands twice")
        found[package, known_as] = reason
    return found


def _say(name: str, answer: Answer, accepted: dict[tuple[str, str], str]) -> bool:
    """Prints what is known of one lock. Whether something of it is not accepted."""
    new = [one for one in answer.found if not any((one.package, known_as) in accepted for known_as in one.ids)]
    hit = {(one.package, known_as) for one in answer.found for known_as in one.ids}
    told = f"{len(new)} known" if new else "none known" if not answer.found else "none known that is not accepted"
    print(f"advisories: {name}: {answer.checked} packages, {told}")
    for one in new:
        print(f"advisories: {name}: {one}")
    if answer.unknown:
        print(f"advisories: {name}: the source does not know, so not checked: {', '.join(answer.unknown)}")
    for package, known_as in accepted.keys() - hit:
        print(f"advisories: {name}: {known_as} of {package} is accepted but hits no more: take it out")
    return bool(new)


if __name__ == "__main__":
    sys.exit(main())
