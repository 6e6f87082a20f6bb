"""Every trial of a sweep, checked before the first one starts. Nothing is written here.

A grid of hundreds of cells that fails in the last one, hours later, for a reason that was there
to see in the beginning, is the complaint that this package answers: all bad cells are named at
once, grouped by cause.
"""

from gridwright.preflight.causes import Causes
from gridwright.preflight.plan import GrowingPlan, Plan, plan_trials
from gridwright.preflight.resources import check_cluster, is_elsewhere
from gridwright.preflight.storage import check_storage

__all__ = [
    "Causes",
    "GrowingPlan",
    "Plan",
    "check_cluster",
    "check_storage",
    "is_elsewhere",
    "plan_trials",
]
