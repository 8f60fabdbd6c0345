"""``debtdesk nlu-eval``: how well the trained model tells intents apart, on lines somebody else wrote."""

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.engine import ROOT, engine_environment, engine_python
from runtime.errors import OperatorError

FALLBACK_INTENT = "nlu_fallback"


@dataclass(frozen=True)
class Example:
    """One line of the file: what was meant, and how it was said."""

    line: int
    intent: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What the model made of an example: its top intent before any fallback."""

    example: Example
    got: str
    confidence: float
    fallback: bool


def read_examples(path: Path) -> list[Example]:
    """The examples of a file with lines ``intent<TAB>text``; blank lines are passed over.

    Raises OperatorError naming every line that is not one.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror or error}") from None
    examples, wrong = [], []
    for number, coded in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            line = coded.decode().strip("\r")
        except UnicodeDecodeError:
            wrong.append(f"line {number}: not UTF-8")
            continue
        if not line.strip():
            continue
        intent, tab, text = line.partition("\t")
        if not tab:
            wrong.append(f"line {number}: no tab between intent and text")
        elif not intent.strip():
            wrong.append(f"line {number}: no intent before the tab")
        elif not text.strip():
            wrong.append(f"line {number}: no text after the tab")
        else:
            examples.append(Example(number, intent.strip(), text.strip()))
    if wrong:
        more = f"\n  and {len(wrong) - 20} more" if len(wrong) > 20 else ""
        raise OperatorError(f"{path} is not lines of intent<TAB>text:\n  " + "\n  ".join(wrong[:20]) + more)
    if not examples:
        raise OperatorError(f"{path} holds no example")
    return examples


def accuracy(verdicts: Sequence[Verdict]) -> float:
    """The share of verdicts that are right, 0 to 1."""
    return sum(v.got == v.example.intent for v in verdicts) / len(verdicts)


def macro_f1(verdicts: Sequence[Verdict]) -> float:
    """The mean F1 over every intent that was expected or given, each with the same weight."""
    expected = Counter(v.example.intent for v in verdicts)
    given = Counter(v.got for v in verdicts)
    right = Counter(v.got for v in verdicts if v.got == v.example.intent)
    names = expected.keys() | given.keys()
    return sum(2 * right[name] / (expected[name] + given[name]) for name in names) / len(names)


def report(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Each miss, the fallback rate, and the figures as the last line."""
    for verdict in verdicts:
        if verdict.got != verdict.example.intent:
            yield f"{verdict.example.intent} → {verdict.got} ({verdict.confidence:.2f}): {verdict.example.text}"
    fallbacks = sum(verdict.fallback for verdict in verdicts)
    yield f"fallback rate: {fallbacks / len(verdicts):.3f} ({fallbacks} of {len(verdicts)})"
    yield f"accuracy: {accuracy(verdicts):.3f}  macro-F1: {macro_f1(verdicts):.3f}  n: {len(verdicts)}"


def evaluate(
    examples: Sequence[Example],
    model: Path,
    *,
    mask: Callable[[str], str],
    language: str = "en",
    warn: Callable[[str], None] = lambda line: typer.echo(line, err=True),
) -> list[Verdict]:
    """What ``model`` makes of each example, its text masked as the gateway masks it.

    Warns of intents the model does not know. Raises OperatorError when the engine fails.
    """
    asked = "".join(json.dumps({"text": mask(example.text), "language": language}) + "\n" for example in examples)
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [engine_python(), "-m", "engine.evaluate", "--model", str(model)],
            cwd=ROOT, env=engine_environment(), input=asked, stdout=subprocess.PIPE, stderr=errors, text=True,
            encoding="utf-8", check=False,
        )  # fmt: skip
        errors.seek(0)
        told = errors.read().strip().splitlines()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(examples) + 1:
        end = "".join(f"\n  {line}" for line in told[-10:])
        raise OperatorError(f"The engine could not evaluate (exit code {done.returncode}):{end}")
    _warn_of_unknown(examples, answers[0]["intents"], warn)
    return [verdict(example, answer["ranking"]) for example, answer in zip(examples, answers[1:], strict=True)]


def _warn_of_unknown(examples: Iterable[Example], known: list[str], warn: Callable[[str], None]) -> None:
    first: dict[str, int] = {}
    for example in examples:
        if example.intent not in known:
            first.setdefault(example.intent, example.line)
    for intent, line in first.items():
        warn(f"warning: line {line}: the model has no intent {intent!r}; its lines count as misses")


def verdict(example: Example, ranking: Sequence[tuple[str, float]]) -> Verdict:
    """What a ``ranking`` says of ``example``. Its first entry is what Rasa would act on; a fallback is passed over."""
    fallback = bool(ranking) and ranking[0][0] == FALLBACK_INTENT
    got, confidence = max(
        ((name, score) for name, score in ranking if name != FALLBACK_INTENT),
        key=lambda entry: entry[1],
        default=(FALLBACK_INTENT, 0.0),
    )
    return Verdict(example, got, confidence, fallback)


def nlu_eval(
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Lines of intent<TAB>text, in UTF-8.")],
    locale: Annotated[str, typer.Option(help="Locale the texts are masked for.")] = "en-GB",
) -> None:
    """Score the trained model on FILE: each miss, the fallback rate, then accuracy and macro-F1.

    The top intent before any fallback counts. Texts are masked as the gateway masks them.

    Example: debtdesk nlu-eval tests/nlu/held_out.tsv
    """
    from cli.model import ensure_model
    from compliance.factors import find_factors

    examples = read_examples(data)
    model = ensure_model(say=lambda line: typer.echo(line, err=True))
    typer.echo(f"evaluating {len(examples)} lines ...", err=True)
    verdicts = evaluate(
        examples,
        model,
        mask=lambda text: find_factors(text, locale=locale, identity_open=False).masked,
        language=locale.partition("-")[0],
    )
    for line in report(verdicts):
        typer.echo(line)
