"""Shortcuts through Rasa 3.6.21: the same results, without work that is done again for every message.

Each replaces one function by one that answers the same, pinned to that release; ``tests/engine_room`` compares them
with the originals.

* A model's graph is run by dask, which orders it anew each time; ours is run in the order of its needs.
* RulePolicy parses and compares every rule for every state, first for the message's text, although no rule of ours has
  a text; rules are parsed once, and compared while they fit.
* The classifier combines the features of every token and copies them; only the sentence's are used.
* An action is found among all built-in actions, each made for it; it is made once.
* A domain is compared with a new, empty one to see whether it is empty; it is remembered.
* What only a debug log would show is copied deeply; it is not.
"""

import copy
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import rasa.core.actions.action as actions
import rasa.core.policies.memoization as memoization
import rasa.core.policies.rule_policy as rule_policy
import rasa.core.processor as processor
from rasa.core.actions.action import Action, ActionBotResponse, ActionListen, RemoteAction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from scipy.sparse import csr_matrix, vstack

STATELESS = (ActionListen, ActionBotResponse, RemoteAction)
"""Actions that may be used again: they keep nothing of a conversation."""

find_by_text = RulePolicy._find_action_from_rules
compare_with_empty = Domain.is_empty
make_action = actions.action_for_name_or_text


def apply() -> None:
    """Put the shortcuts in place."""
    DaskGraphRunner.run = run_graph
    RulePolicy._get_possible_keys = fitting_rules
    RulePolicy._find_action_from_rules = find_action
    LogisticRegressionClassifier._create_X = sentence_features
    actions.action_for_name_or_text = action_named
    Domain.is_empty = is_empty
    unread = SimpleNamespace(deepcopy=lambda value: value, copy=copy.copy)
    for module in (processor, rule_policy, memoization):  # there, deep copies are made for debug logs alone
        module.copy = unread


def run_graph(self: DaskGraphRunner, inputs: Any = None, targets: Any = None) -> dict[str, Any]:
    """The results of the ``targets``; each node is run once, after those it needs."""
    wanted = tuple(targets or self._graph_schema.target_names)
    known = self.__dict__.setdefault("_known_graphs", {})
    if wanted not in known:
        known[wanted] = self._build_dask_graph(self._graph_schema.minimal_graph_schema(list(wanted)))
    graph = dict(known[wanted])
    self._add_inputs_to_graph(inputs, graph)
    done: dict[str, Any] = {}

    def result(name: str) -> Any:
        if name not in done:
            node = graph[name]
            if callable(node[0]):
                node = node[0](*(result(need) if need in graph else need for need in node[1:]))
            done[name] = node
        return done[name]

    return dict(result(name) for name in wanted)


def rules_of(policy: RulePolicy, lookup: dict[str, str]) -> dict[str, list[Any]]:
    """Each rule's states, the newest first."""
    known = policy.__dict__.setdefault("_known_rules", {})
    if id(lookup) not in known:
        known[id(lookup)] = {key: json.loads(key)[::-1] for key in lookup}
    return known[id(lookup)]  # type: ignore[no-any-return]


def fitting_rules(self: RulePolicy, lookup: dict[str, str], states: list[Any]) -> set[str]:
    """The rules that fit the newest of ``states``, as far as each goes back."""
    newest_first = states[::-1]

    def fits(rule_state: Any, state: Any) -> bool:
        wanted, present = rule_state.get(PREVIOUS_ACTION), state.get(PREVIOUS_ACTION)
        if not wanted or not present:  # the beginning of a conversation fits itself alone
            return not wanted and not present
        return self._does_rule_match_state(rule_state, state)

    return {
        key for key, rule in rules_of(self, lookup).items()
        if all(fits(rule_state, state) for rule_state, state in zip(rule, newest_first))  # noqa: B905  # the shorter
    }


def find_action(self: RulePolicy, tracker: Any, domain: Any, use_text_for_last_user_input: bool) -> Any:
    """As Rasa finds it; no rule is looked for by the message's text where no rule has one."""
    if use_text_for_last_user_input and not has_texts(self):
        return None, None, False
    return find_by_text(self, tracker, domain, use_text_for_last_user_input)


def has_texts(policy: RulePolicy) -> bool:
    """Whether any rule names what is typed word for word."""
    known = policy.__dict__.get("_has_texts")
    if known is None:
        lookups = [value for value in policy.lookup.values() if isinstance(value, dict)]
        known = any(TEXT in state.get(USER, {}) for lookup in lookups for rule in rules_of(policy, lookup).values()
                    for state in rule)
        policy.__dict__["_has_texts"] = known
    return known


def sentence_features(self: LogisticRegressionClassifier, messages: list[Any]) -> csr_matrix:
    """One row of features for each message: its sparse ones, then its dense ones."""
    weights = getattr(self.clf, "coef_", None)  # none before training
    if weights is not None and not weights.flags.f_contiguous:
        self.clf.coef_ = np.asfortranarray(weights)  # else all of them are copied for each message
    rows = [row(message) for message in messages]
    return rows[0] if len(rows) == 1 else vstack(rows)


def row(message: Any) -> csr_matrix:
    """The features of one message's sentence."""
    found = [f for f in message.features if f.attribute == TEXT and f.type == FEATURE_TYPE_SENTENCE]
    found.sort(key=lambda feature: feature.is_dense())  # stable: otherwise in the order of the pipeline
    parts = [csr_matrix(feature.features) for feature in found]
    starts = np.cumsum([0, *(part.shape[1] for part in parts)])
    columns = [part.indices + start for part, start in zip(parts, starts[:-1], strict=True)] or [np.empty(0, int)]
    values = [part.data for part in parts] or [np.empty(0)]
    filled = sum(len(part) for part in values)
    return csr_matrix((np.concatenate(values), np.concatenate(columns), [0, filled]), shape=(1, int(starts[-1])))


def is_empty(self: Domain) -> bool:
    """Whether there is nothing in it; a domain never changes."""
    if "_known_empty" not in self.__dict__:
        self.__dict__["_known_empty"] = compare_with_empty(self)
    return self.__dict__["_known_empty"]  # type: ignore[no-any-return]


_made: dict[tuple[str, int, int], Action] = {}


def action_named(name: str, domain: Any, endpoint: Any) -> Action:
    """The action of that name; one that keeps nothing is made once."""
    key = (name, id(domain), id(endpoint))
    if key not in _made:
        action = make_action(name, domain, endpoint)
        if not isinstance(action, STATELESS):
            return action
        _made[key] = action
    return _made[key]
