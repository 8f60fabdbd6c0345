"""What the model is trained with and what the action server answers fit together."""

import re
from pathlib import Path

import yaml

import actions.catalogue  # noqa: F401  # declares every action
from actions.registry import ACTIONS, REPEATS
from conversations.texts import texts
from runtime.settings import ROOT

DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
RULES = yaml.safe_load((ROOT / "data" / "rules.yml").read_text(encoding="utf-8"))["rules"]
INTENTS = {next(iter(i)) if isinstance(i, dict) else i for i in DOMAIN["intents"]}
CATALOGUE = {
    "greet", "goodbye", "thank", "affirm", "deny", "help", "cancel", "bot_challenge", "ask_who_are_you",
    "ask_balance", "ask_debt_details", "ask_next_payment", "ask_plan_status", "ask_payment_history",
    "request_statement", "pay_now", "ask_payment_methods", "payment_problem", "already_paid",
    "request_payment_plan", "change_payment_plan", "cancel_payment_plan", "missed_payment", "ask_settlement",
    "cannot_pay", "promise_to_pay", "request_breathing_space", "disclose_vulnerability", "self_harm_risk",
    "dispute_debt", "report_fraud", "request_validation", "wrong_person", "third_party", "report_deceased",
    "report_bankruptcy", "represented_by_attorney", "stop_contact", "change_contact_preferences",
    "update_contact_details", "request_human", "request_callback", "ask_consequences", "ask_credit_impact",
    "ask_interest_fees", "make_complaint", "ask_privacy", "ask_debt_advice", "change_language", "abusive",
    "inform", "out_of_scope",
}


def sources() -> str:
    """The source of every action."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "actions").glob("*.py")))


def test_domain_and_action_server_name_the_same_actions() -> None:
    assert set(DOMAIN["actions"]) == set(ACTIONS)


def test_the_whole_catalogue_is_there_and_each_intent_has_a_rule() -> None:
    assert CATALOGUE <= INTENTS
    plain = {s["intent"] for rule in RULES if "condition" not in rule for s in rule["steps"] if "intent" in s}
    assert plain >= INTENTS


def test_rules_name_only_what_exists() -> None:
    known = set(ACTIONS) | set(DOMAIN["responses"])
    assert {s["action"] for rule in RULES for s in rule["steps"] if "action" in s} <= known


def test_every_open_question_is_known_to_the_model() -> None:
    asked = set(re.findall(r'\bask\(\s*"(\w+)"', sources()))
    assert asked
    assert asked == set(DOMAIN["slots"]["open_question"]["values"])
    assert set(REPEATS) <= asked


def test_fixed_responses_carry_the_name_of_a_text() -> None:
    names = texts("en", "en-GB").names
    said = {variant["custom"]["say"] for variants in DOMAIN["responses"].values() for variant in variants}
    assert said <= names


def test_buttons_mean_an_intent_of_the_domain() -> None:
    meant = set(re.findall(r'Choice\(\s*"\w+",\s*"(\w+)"', sources()))
    assert meant
    assert meant <= INTENTS


def test_the_domain_holds_no_words_for_debtors() -> None:
    assert all(set(v) == {"custom"} for variants in DOMAIN["responses"].values() for v in variants)
    assert Path(ROOT / "data" / "nlu.yml").exists()
