"""Webhooks: which addresses are refused, and that each message is delivered, signed, at least once."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from standardwebhooks import Webhook

from service.callbacks import CallbackRefused, Courier, check_url, is_public
from service.database import clock, reading, writing
from service.jobs import NewJob, add_job, claim_job, finish_job
from service.settings import Settings
from service.tables import outbox
from tests.service.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "93.184.216.34"


def to(*addresses: str) -> Any:
    """A resolver with one answer."""
    return lambda host, port: list(addresses)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0",
        "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
        "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2002:c0a8:101::1", "::7f00:1", "::a00:1", "name",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(CallbackRefused):
        check_url("https://dms.example/hook", resolve=to(PUBLIC, address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)
    target = check_url("https://dms.example:8443/hook?a=1", resolve=to(address))
    assert (target.address, target.host, target.port, target.path) == (address, "dms.example", 8443, "/hook?a=1")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/",
        "http://127.1/", "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::]/",
    ],
)  # fmt: skip
def test_other_spellings_of_this_machine(url: str) -> None:
    with pytest.raises(CallbackRefused):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://dms.example/", "file:///etc/passwd", "//dms.example/", "dms.example", "http://", "http://u:p@dms.example/",
        "http://dms.example:99999/", "http://dms.example:0/", "http://dms.example/a b", "http://dms.example/\n",
        "http://ex\u00e4mple/", "http://dms.example/" + "a" * 3000, "http://[::1", "gopher://dms.example/",
    ],
)  # fmt: skip
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(CallbackRefused):
        check_url(url, resolve=to(PUBLIC))


def test_a_host_without_address() -> None:
    def fail(host: str, port: int) -> Sequence[str]:
        raise OSError

    for resolver in (fail, to()):
        with pytest.raises(CallbackRefused):
            check_url("http://dms.example/", resolve=resolver)


def test_a_host_that_is_allowed_may_be_private() -> None:
    assert check_url("http://dms.local/", allowed=("dms.local",), resolve=to("10.0.0.1")).address == "10.0.0.1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    made = Receiver()
    yield made
    made.close()


def settings_for(**more: Any) -> Settings:
    return Settings(**{"webhook_secret": SECRET, "webhook_hosts": ("127.0.0.1",), "webhook_timeout_s": 5.0, **more})


def end_job(engine: Engine, url: str) -> str:
    """A job that has ended, with its webhook in the outbox."""
    with writing(engine) as connection:
        job_id = add_job(connection, NewJob("a.txt", b"", "0" * 64, {}, url), max_attempts=2)
        claim = claim_job(connection, "w", lease_s=60.0)
        assert claim is not None
        assert finish_job(connection, job_id, claim.fence)
    return job_id


def make_due(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(outbox).values(next_at=clock() - 1))


def waiting(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(outbox.c.id, outbox.c.attempts, outbox.c.given_up)))


def test_a_webhook_is_delivered_once_and_signed(engine: Engine, receiver: Receiver) -> None:
    job_id = end_job(engine, receiver.url)
    courier = Courier(engine, settings_for())
    assert courier.deliver_next()
    assert not courier.deliver_next()
    ((headers, body),) = receiver.received
    payload = Webhook(SECRET).verify(body.decode(), headers)
    assert (payload["type"], payload["data"]["id"], payload["data"]["state"]) == ("job.done", job_id, "done")
    assert waiting(engine) == []


def test_a_receiver_that_is_down_gets_the_same_message_later(engine: Engine, receiver: Receiver) -> None:
    end_job(engine, receiver.url)
    courier = Courier(engine, settings_for())
    receiver.status = 500
    assert courier.deliver_next()
    assert not courier.deliver_next()
    make_due(engine)
    receiver.status = 200
    assert courier.deliver_next()
    ids = [headers["webhook-id"] for headers, _ in receiver.received]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert waiting(engine) == []


def test_a_courier_that_dies_after_taking_a_message_loses_nothing(engine: Engine, receiver: Receiver) -> None:
    end_job(engine, receiver.url)

    class Killed(BaseException):
        pass

    def die(host: str, port: int) -> Sequence[str]:
        raise Killed

    with pytest.raises(Killed):
        Courier(engine, settings_for(), resolve=die).deliver_next()
    make_due(engine)
    assert Courier(engine, settings_for()).deliver_next()
    assert len(receiver.received) == 1


def test_redirects_are_not_followed(engine: Engine, receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, receiver.url
    end_job(engine, receiver.url)
    assert Courier(engine, settings_for()).deliver_next()
    assert len(receiver.received) == 1
    assert [attempts for _, attempts, _ in waiting(engine)] == [1]


def test_a_name_that_changes_its_address_gains_nothing(engine: Engine, receiver: Receiver) -> None:
    port = receiver.server.server_port
    end_job(engine, f"http://dms.example:{port}/hook")
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    check_url(f"http://dms.example:{port}/hook", resolve=lambda host, port: next(answers))
    assert Courier(engine, settings_for(), resolve=lambda host, port: next(answers)).deliver_next()
    assert receiver.received == []


def test_the_last_attempt_is_the_last(engine: Engine, receiver: Receiver) -> None:
    receiver.status = 500
    end_job(engine, receiver.url)
    courier = Courier(engine, settings_for(webhook_attempts=2))
    for _ in range(3):
        courier.deliver_next()
        make_due(engine)
    assert len(receiver.received) == 2
    assert [(attempts, given_up) for _, attempts, given_up in waiting(engine)] == [(2, True)]


def test_without_a_secret_nothing_is_sent(engine: Engine, receiver: Receiver) -> None:
    end_job(engine, receiver.url)
    assert not Courier(engine, settings_for(webhook_secret=None)).deliver_next()
    assert receiver.received == []


def test_the_payload_shows_nothing_of_the_document(engine: Engine) -> None:
    end_job(engine, "https://dms.example/")
    with reading(engine) as connection:
        payload = json.loads(connection.execute(select(outbox.c.payload)).scalar_one())
    assert set(payload["data"]) == {"id", "state", "name", "error"}
