"""Identity and Access Management: what a service does to a role in our name.

A role's ARN is made without a path: that of a role with one is not in the call. Source: Service Authorization
Reference, IAM; its API is global, and its ARNs name no region.
"""

from localcloud.enforcement.need import Operations, arn, given, on

OPERATIONS: Operations = on(
    "iam",
    arn("iam", "role/{RoleName}", regional=False),
    "AttachRolePolicy DetachRolePolicy",
    keys=lambda call: given(call.parameters, {"iam:policyarn": "PolicyArn"}),
)
