"""A paper as one HTML page that needs nothing else: no script, no other file, readable on a phone and on paper."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from exchange.paper import Heading, Paper, Table, Words


@cache
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.tests |= {"heading": lambda block: isinstance(block, Heading),
                          "words": lambda block: isinstance(block, Words),
                          "table": lambda block: isinstance(block, Table)}
    return environment.get_template("paper.html")


def as_html(paper: Paper) -> bytes:
    """The page, in UTF-8."""
    return _template().render(paper=paper).encode()
