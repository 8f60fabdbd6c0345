"""A YAML file with the line of everything in it, so that what is wrong can be pointed at."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from ledger.policy.section import Loc


@dataclass(frozen=True, slots=True)
class Marked:
    """The content of a file. ``lines``: on which line each key or list item stands; ``twice``: keys given again."""

    content: Any
    lines: dict[Loc, int] = field(default_factory=dict)
    twice: list[Loc] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """The line of ``loc``, or of the nearest thing around it that is in the file."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)


def read_marked(text: str) -> Marked:
    """The one YAML document in ``text``. Raises yaml.YAMLError."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Marked(None)
        marked = Marked(loader.construct_document(node))
    finally:
        loader.dispose()
    _note(marked, node, (), loader)
    return marked


def _note(marked: Marked, node: yaml.Node, loc: Loc, loader: yaml.SafeLoader) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            step = (*loc, loader.construct_object(key, deep=True))
            if step in marked.lines:
                marked.twice.append(step)
            marked.lines[step] = key.start_mark.line + 1
            _note(marked, value, step, loader)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            marked.lines[(*loc, number)] = item.start_mark.line + 1
            _note(marked, item, (*loc, number), loader)
