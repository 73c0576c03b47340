from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from septet.observe.names import SPEC
from tests.support import ACCOUNT, PERSON, Esme, bound, carrier, eventually, on_loop, route, running, smsc


def samples(text: str) -> dict[str, float]:
    """Values by name and labels."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@on_loop
async def test_every_family_is_there_and_gauges_come_back_to_nothing(tmp_path: Path) -> None:
    text = ACCOUNT + "throughput = 1000\n"
    number = '\n[[number]]\naddress = "12345"\naccount = "demo"\ncarrier = "north"\n'
    async with smsc(receipts=True) as north:
        async with running(text + carrier("north", north.port) + number + route("north"), tmp_path) as (node, api):
            await bound(node)
            esme = await Esme.connect(node.smpp.listening[0].port)
            assert await esme.bind() == 0
            north.answer = lambda _pdu: None
            posted = [await api.post(f"m{n}") for n in range(3)]
            await eventually(lambda: len(north.submits) == 3, "all three")
            held = samples(await api.scrape())
            assert held["septet_link_window_used carrier=north"] == 3
            assert held["septet_link_up carrier=north link=0"] == 1
            north.answer = lambda _pdu: 0
            north.cut()
            for id in posted:
                await api.until(id, "delivered")
            await bound(node)
            assert await esme.statuses([esme.submit() for _ in range(4)]) == [0] * 4
            await eventually(lambda: len(esme.delivered) == 4, "the receipts")
            north.mo(PERSON, "12345", "Hello")
            north.mo(PERSON, "12345", "STOP")
            await eventually(lambda: len(esme.delivered) == 6, "both MOs")
            assert await esme.statuses([esme.submit()]) == [0x400]
            await eventually(lambda: node.engine.alive() == 0, "everything to have ended")
            found = samples(await api.scrape())
            esme.close()

        assert found["septet_queue_depth carrier=north"] == 0
        assert found["septet_link_window_used carrier=north"] == 0
        assert found["septet_messages_total account=demo carrier=north direction=mt outcome=delivered"] == 8, (
            "seven and the confirmation"
        )
        assert found["septet_receipts_total carrier=north state=DELIVRD"] >= 7
        assert found["septet_submit_responses_total carrier=north status=ESME_ROK"] >= 7
        assert found["septet_blocked_total reason=recipient_opted_out"] == 1
        assert found["septet_optouts_total number=12345"] == 1
        assert found["septet_accept_seconds_count"] == 4
        assert found["septet_store_commit_seconds_count"] > 0
        names = {name.split(" ")[0] for name in found}
        missing = {
            spec.name
            for spec in SPEC.values()
            if not any(name == f"septet_{spec.name}" or name.startswith(f"septet_{spec.name}_") for name in names)
        }
        # Nothing here throttled, matched a keyword, was unmatched, malformed or told by webhook.
        assert missing <= {
            "throttled_total",
            "keyword_matches_total",
            "receipts_unmatched_total",
            "bad_pdus_total",
            "webhook_attempts_total",
        }
