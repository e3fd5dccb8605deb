"""Settings from the environment, and the sub-commands that use them."""

import pytest
from pydantic import ValidationError

from extractor.cli import main
from service.settings import Settings


def test_variables_are_read_and_options_come_first() -> None:
    environment = {
        "MINUTES_PORT": "9000",
        "MINUTES_N_SLOTS": "2",
        "MINUTES_WEBHOOK_HOSTS": "a.local, b.local",
        "X": "1",
    }
    settings = Settings.from_environment(environment, port=9001)
    assert (settings.port, settings.n_slots, settings.webhook_hosts) == (9001, 2, ("a.local", "b.local"))


@pytest.mark.parametrize("environment", [{"MINUTES_COLOUR": "red"}, {"MINUTES_PORT": "no"}, {"MINUTES_LEASE_S": "0"}])
def test_what_does_not_fit_is_an_error(environment: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings.from_environment(environment)


def test_keys_are_made_listed_and_revoked(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    database = ["--database", f"sqlite:///{tmp_path}/keys.db"]
    assert main(["keys", *database, "create", "dms", "--scope", "write"]) == 0
    key_id, secret = capsys.readouterr().out.split()
    assert main(["keys", *database, "list"]) == 0
    listed = capsys.readouterr().out
    assert (key_id in listed, secret in listed, listed.rstrip().endswith("valid")) == (True, False, True)
    assert main(["keys", *database, "revoke", key_id]) == 0
    assert main(["keys", *database, "revoke", key_id]) == 2
    assert main(["keys", *database, "list"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("revoked")


def test_wrong_settings_are_named_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINUTES_WEBHOOK_SECRET_KEY", "whsec_hidden")
    assert main(["keys", "list"]) == 2
    told = capsys.readouterr().err
    assert ("webhook_secret_key" in told, "hidden" in told) == (True, False)
