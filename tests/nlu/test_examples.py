"""The training examples: enough of them, no copies, nothing of the test set, nothing personal."""

import re
from collections import Counter
from itertools import combinations

import yaml

from compliance.factors import find_factors
from runtime.settings import ROOT

HERE = ROOT / "tests" / "nlu"
LEAST = 15


def examples() -> dict[str, list[str]]:
    """The examples of each intent."""
    nlu = yaml.safe_load((ROOT / "data" / "nlu.yml").read_text(encoding="utf-8"))["nlu"]
    return {i["intent"]: [line[2:].strip() for line in i["examples"].splitlines()] for i in nlu if "intent" in i}


def held_out() -> list[tuple[str, str]]:
    """The lines of the test sets."""
    rows = []
    for path in sorted(HERE.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                intent, text = line.split("\t", 1)
                rows.append((intent, text))
    return rows


def plain(text: str) -> str:
    """Words only, in lower case."""
    return " ".join(re.findall(r"[\w\[\]']+|[^\w\s]{3,}", text.casefold()))


def test_every_intent_has_enough_examples() -> None:
    assert {i: len(e) for i, e in examples().items() if len(e) < LEAST} == {}


def test_no_example_stands_twice() -> None:
    counted = Counter(plain(e) for found in examples().values() for e in found if plain(e))
    assert [e for e, n in counted.items() if n > 1] == []


def test_examples_of_an_intent_are_no_variations_of_a_template() -> None:
    alike = []
    for intent, found in examples().items():
        if intent == "inform":  # bare answers are short: "on the 1st", "on the 3rd"
            continue
        bags = [(e, set(plain(e).split())) for e in found]
        alike += [(intent, a, b) for (a, wa), (b, wb) in combinations(bags, 2)
                  if len(wa | wb) > 3 and len(wa & wb) / len(wa | wb) > 0.8]
    assert alike == []


def test_nothing_of_the_test_set_is_trained() -> None:
    trained = {plain(e) for found in examples().values() for e in found}
    assert [text for _, text in held_out() if plain(text) in trained] == []


def test_the_test_set_knows_the_whole_catalogue() -> None:
    assert {intent for intent, _ in held_out()} == set(examples())


def test_examples_are_masked_as_messages_are() -> None:
    """The model is trained on what it will be given: masking an example once more changes nothing."""
    changed = [(example, masked) for found in examples().values() for example in found
               if (masked := find_factors(example, locale="en-GB", identity_open=False).masked) != example]
    assert changed == []
