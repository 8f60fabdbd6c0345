"""Plans: agreed, kept by payments (``ledger.keeping``), judged, changed, ended. Every version of one is kept."""

from ledger.plans.agreeing import agree_plan
from ledger.plans.catching_up import catch_up, catch_up_dues
from ledger.plans.changing import change_plan, propose_change, propose_replan, replan
from ledger.plans.ending import cancel_plan
from ledger.plans.judging import JudgedPlan, MissedLine, judge_plans
from ledger.plans.moving import move_instalment, pause_plan, resume_plan
from ledger.plans.record import Record, kept_rate, record_of
from ledger.plans.versions import Changed, VersionView, history_of
from ledger.plans.views import DueLine, PlanView, Share, plans_of

__all__ = [
    "Changed", "DueLine", "JudgedPlan", "MissedLine", "PlanView", "Record", "Share", "VersionView", "agree_plan",
    "cancel_plan", "catch_up", "catch_up_dues", "change_plan", "history_of", "judge_plans", "kept_rate",
    "move_instalment", "pause_plan", "plans_of", "propose_change", "propose_replan", "record_of", "replan",
    "resume_plan",
]
