"""The blocks of RECIPES.md are run, as they stand there."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

import service
from extractor.schema import Minutes
from service.access import create_key
from service.database import database, writing
from service.reading import DocumentReader
from service.settings import Settings
from service.worker import Worker
from tests.pipelines import PHRASES, TEXT, PhraseTagger, pipeline
from tests.service.live import Live, serving

RECIPES = Path(service.__file__).parent / "RECIPES.md"
KEYS: list[str] = []


def blocks(title: str) -> list[str]:
    """The blocks of code below a heading."""
    part = RECIPES.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", part, re.DOTALL)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service that asks for keys, with a thread that works off its jobs."""
    folder = tmp_path_factory.mktemp("live")
    settings = Settings(database=f"sqlite:///{folder / 'minutes.db'}", poll_s=0.05)
    with database(settings.database) as engine:
        with writing(engine) as connection:
            KEYS.append(create_key(connection, "recipes", ["write"])[1])
        stop = threading.Event()
        with serving(folder, {"require_keys": True}) as running, DocumentReader(settings, _nlp()) as reader:
            thread = threading.Thread(target=Worker(engine, settings, reader.read, "w").run, args=(stop,))
            thread.start()
            yield running
            stop.set()
            thread.join()


def _nlp() -> Any:
    return pipeline(PhraseTagger(PHRASES))


def run(command: list[str], live: Live, **variables: str) -> str:
    """What the block prints."""
    environment = {**os.environ, "MINUTES_URL": live.url, "MINUTES_KEY": KEYS[-1], **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(live: Live) -> list[str]:
    """The names of the documents that were read."""
    for _ in range(200):
        answer = httpx.get(f"{live.url}/v1/documents?sort=name", headers={"X-API-Key": KEYS[-1]}).json()
        if answer["items"]:
            break
        threading.Event().wait(0.05)
    return [row["name"] for row in answer["items"]]


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    path = tmp_path / "hall.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_curl(live: Live, hall: Path) -> None:
    at_once, in_the_background = blocks("With curl")
    out = run(["bash", "-ec", at_once], live, FILE=str(hall))
    assert '"schema":"minutes/1"' in out
    result = run(["bash", "-ec", in_the_background], live, FILE=str(hall))
    assert Minutes.model_validate_json(result).source.name == "hall.txt"


def test_python(live: Live, hall: Path) -> None:
    (block,) = blocks("With Python")
    out = run([sys.executable, "-c", block, str(hall), str(hall)], live)
    assert out.count("Ann Lee will count the chairs") == 2
    assert "['Ann Lee']" in out


def test_a_webhook_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks("A webhook, checked")
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    monkeypatch.setenv("MINUTES_WEBHOOK_SECRET", secret)
    found: dict[str, Any] = {}
    exec(block, found)  # the block of our own document
    from datetime import UTC, datetime

    now, body = datetime.now(UTC), '{"type":"job.done"}'
    headers = {"webhook-id": "m", "webhook-timestamp": str(int(now.timestamp()))}
    headers["webhook-signature"] = Webhook(secret).sign("m", now, body)
    assert found["check"](headers, body) == {"type": "job.done"}
    with pytest.raises(Exception, match="signature"):
        found["check"](headers, body.replace("done", "failed"))


class StandIn:
    """A web server with fixed answers, which keeps what is posted."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.posted: list[tuple[str, Any]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                found = answers.get(self.path)
                content = found if isinstance(found, bytes) else json.dumps(found).encode()
                content = content.replace(b"http://self", stand_in.url.encode())
                self.send_response(404 if found is None else 200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                stand_in.posted.append((self.path, body))
                self.answer()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()


def test_sharepoint(live: Live, tmp_path: Path) -> None:
    (block,) = blocks("SharePoint")
    file = {"id": "f1", "name": "sharepoint.txt", "cTag": "c1", "file": {}}
    graph = StandIn(
        {
            "/drives/d/root/delta": {"value": [file], "@odata.nextLink": "http://self/next"},
            "/next": {"value": [{"id": "x", "name": "folder", "folder": {}}], "@odata.deltaLink": "http://self/later"},
            "/later": {"value": [{**file, "deleted": {}}], "@odata.deltaLink": "http://self/latest"},
            "/drives/d/items/f1/content": TEXT.encode(),
        }
    )
    state = tmp_path / "state.json"
    variables = {"GRAPH_URL": graph.url, "GRAPH_TOKEN": "t", "GRAPH_DRIVE": "d", "STATE_FILE": str(state)}
    run([sys.executable, "-c", block], live, **variables)
    assert json.loads(state.read_text())["link"].endswith("/later")
    run([sys.executable, "-c", block], live, **variables)
    assert json.loads(state.read_text())["link"].endswith("/latest")
    graph.close()
    assert listed(live).count("sharepoint.txt") == 1


def test_alfresco(live: Live, tmp_path: Path) -> None:
    (block,) = blocks("Alfresco")
    rest = "/alfresco/api/-default-/public"
    alfresco = StandIn(
        {
            f"{rest}/search/versions/1/search": {"list": {"entries": [{"entry": {"id": "n1", "name": "a.txt"}}]}},
            f"{rest}/alfresco/versions/1/nodes/n1/content": TEXT.encode(),
            f"{rest}/alfresco/versions/1/nodes/n1/comments": {},
        }
    )
    variables = {"ALFRESCO_USER": "u", "ALFRESCO_PASSWORD": "p", "ALFRESCO_FOLDER": "f"}
    run(
        [sys.executable, "-c", block],
        live,
        ALFRESCO_URL=alfresco.url,
        STATE_FILE=str(tmp_path / "s.json"),
        **variables,
    )
    alfresco.close()
    (_, query), (path, comment) = alfresco.posted
    assert "1970-01-01" in query["query"]["query"]
    assert path.endswith("/n1/comments")
    assert comment["content"].startswith("Ann Lee will count the chairs")


def test_m_files(live: Live) -> None:
    (block,) = blocks("M-Files")
    file = {"ID": 5, "Name": "mfiles", "Extension": "txt", "Version": 2}
    version = {"ObjVer": {"Type": 0, "ID": 3, "Version": 4}, "Files": [file]}
    mfiles = StandIn(
        {
            "/REST/views/V12/items": {"Items": [{"ObjectVersion": version}, {"View": {}}]},
            "/REST/objects/0/3/4/files/5/content": TEXT.encode(),
        }
    )
    for _ in range(2):
        run([sys.executable, "-c", block], live, MFILES_URL=mfiles.url, MFILES_TOKEN="t", MFILES_VIEW="V12")
    mfiles.close()
    for _ in range(100):
        if "mfiles.txt" in listed(live):
            break
        threading.Event().wait(0.05)
    assert listed(live).count("mfiles.txt") == 1
