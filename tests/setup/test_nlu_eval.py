"""``make nlu-eval``: its file, its figures, and its last line."""

from pathlib import Path

import pytest

from cli.nlu_eval import Example, Verdict, accuracy, macro_f1, read_examples, report, verdict
from runtime.errors import OperatorError


def judged(*pairs: tuple[str, str]) -> list[Verdict]:
    return [
        Verdict(Example(line, expected, "words"), got, 0.5, fallback=False)
        for line, (expected, got) in enumerate(pairs, start=1)
    ]


def test_reads_intent_tab_text(tmp_path: Path) -> None:
    file = tmp_path / "held_out.tsv"
    file.write_bytes("\ufeffgreet\thello\r\n\n balance \t what do i owe\tnow \ndispute\t£40? 😡".encode())
    assert read_examples(file) == [
        Example(1, "greet", "hello"),
        Example(3, "balance", "what do i owe\tnow"),
        Example(4, "dispute", "£40? 😡"),
    ]


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.tsv"
    file.write_bytes(b"greet hello\n\thello\ngreet\t  \ngreet\t\xff\ngreet\tfine\n")
    with pytest.raises(OperatorError) as error:
        read_examples(file)
    assert str(error.value).splitlines()[1:] == [
        "  line 1: no tab between intent and text",
        "  line 2: no intent before the tab",
        "  line 3: no text after the tab",
        "  line 4: not UTF-8",
    ]


def test_a_hundred_bad_lines_do_not_flood_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "bad.tsv"
    file.write_text("no tab\n" * 100)
    with pytest.raises(OperatorError, match="and 80 more"):
        read_examples(file)


@pytest.mark.parametrize("content", [b"", b"\n  \n"])
def test_a_file_without_examples_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty.tsv"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match="holds no example"):
        read_examples(file)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No such file"):
        read_examples(tmp_path / "none.tsv")
    with pytest.raises(OperatorError, match="directory"):
        read_examples(tmp_path)


def test_the_top_intent_before_a_fallback_counts() -> None:
    example = Example(1, "greet", "hi")
    found = verdict(example, [("nlu_fallback", 0.7), ("nlu_fallback", 0.7), ("greet", 0.31), ("bye", 0.3)])
    assert found == Verdict(example, "greet", 0.31, fallback=True)
    assert verdict(example, [("bye", 0.8), ("bye", 0.8), ("nlu_fallback", 0.1)]) == Verdict(example, "bye", 0.8, False)
    assert verdict(example, []) == Verdict(example, "nlu_fallback", 0.0, False)


def test_figures_worked_out_by_hand() -> None:
    # a: expected 2, given 3, right 2 -> F1 4/5; b: expected 2, given 1, right 1 -> 2/3; c: only given -> 0.
    verdicts = judged(("a", "a"), ("a", "a"), ("b", "b"), ("b", "a"), ("d", "c"))
    assert accuracy(verdicts) == pytest.approx(3 / 5)
    assert macro_f1(verdicts) == pytest.approx((4 / 5 + 2 / 3 + 0 + 0) / 4)


def test_the_report_ends_with_exactly_the_agreed_line() -> None:
    verdicts = judged(("a", "a"), ("b", "a"), ("b", "b"))
    assert list(report(verdicts)) == [
        "b → a (0.50): words",
        "fallback rate: 0.000 (0 of 3)",
        "accuracy: 0.667  macro-F1: 0.667  n: 3",
    ]
    assert list(report(judged(("a", "a"))))[-1] == "accuracy: 1.000  macro-F1: 1.000  n: 1"
