"""What policies may say of divergences; their cases are opened by the reconciler, not submitted."""

from contracts.desk import Namespace
from contracts.reconciliation.divergence import DESK as NAME
from contracts.reconciliation.divergence import Divergence
from contracts.reconciliation.messages import BooksFacts

NAMESPACE = Namespace(
    name=NAME,
    facts=BooksFacts,
    request=Divergence,
    other_text=("connector", "operation", "reference", "effect_key", "effect_case", "currency", "why"),
)
