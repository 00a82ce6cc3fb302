"""Every AWS call is decided on before moto sees it: call → needs → policies → decision.

`services/` says as data what each operation needs (actions, resource ARNs, condition keys); `gate` decides on the
calls of functions and operators, `acting` on what services do for us; `usage` counts what was used.
"""
