"""YAML in which every scalar is text, so that ``Yes``, ``NO`` and ``007`` stay what they are."""

from collections.abc import Hashable
from typing import Any

import yaml


class _TextLoader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


_TextLoader.yaml_implicit_resolvers = {}


def load_text_yaml(text: str) -> Any:
    """The content of a YAML document: text, lists and mappings. Raises yaml.YAMLError, also for a key given twice."""
    return yaml.load(text, Loader=_TextLoader)  # noqa: S506  # nosec B506  # derived from SafeLoader
