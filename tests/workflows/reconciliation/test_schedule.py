"""The schedule is kept as the settings say: no overlap, no making up for lost days."""

from datetime import timedelta

import pytest
from temporalio.client import Client, ScheduleOverlapPolicy
from temporalio.service import RPCError

from service.schedule import SCHEDULE_ID, keep_schedule


async def test_the_schedule_follows_the_settings_and_stays_paused_if_somebody_paused_it(
    temporal: Client,
) -> None:
    handle = temporal.get_schedule_handle(SCHEDULE_ID)
    await keep_schedule(temporal, 600)
    await handle.pause(note="moving house")
    await keep_schedule(temporal, 600)
    await keep_schedule(temporal, 900)
    schedule = (await handle.describe()).schedule
    assert [interval.every for interval in schedule.spec.intervals] == [timedelta(hours=15)]
    assert schedule.policy.overlap is ScheduleOverlapPolicy.BUFFER_ONE
    assert schedule.policy.catchup_window == timedelta(minutes=1)
    assert schedule.state.paused
    await keep_schedule(temporal, 0)
    await keep_schedule(temporal, 0)
    with pytest.raises(RPCError, match="not found"):
        await handle.describe()
