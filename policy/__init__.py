"""The CrossGuard policy pack of OMNIX AI: what no deployment may do, as rules with a reason, a fix and examples.

The pack stands alone: it imports neither `components/` nor `functions/`, so that `--policy-pack` works from any folder,
and `pulumi_policy` is imported in `pack.py` only. Rules are pure functions of `Resource` and `Stack`.
"""
