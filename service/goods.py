"""What people say of goods that come back: told to the case that waits for them."""

from temporalio.client import Client

from contracts.parcel import Inspection, Parcel
from service.case_updates import tell_case


async def tell(client: Client, case_id: str, word: Parcel) -> str:
    """Tell a case that goods came, or how they were found; return what it knows of them now.

    Raises:
        NotTaken: the case has ended, or does not expect them, or no worker took it in time.
    """
    update = "inspected" if isinstance(word, Inspection) else "received"
    return await tell_case(client, case_id, update, word, result_type=str)
