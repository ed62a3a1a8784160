from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from portal import miosa
from portal.simulator import Simulator
from tests.miosa.server import Responder, ScriptedServer
from tests.playing import Playing

KEY = "msk_test_planted-key-7f3a"

Serve = Callable[..., tuple[miosa.Client, ScriptedServer]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`client, server = serve(answer, answer, …)`; keywords go to the client."""
    with ExitStack() as stack:

        def start(*answers: Responder, **options: object) -> tuple[miosa.Client, ScriptedServer]:
            server = stack.enter_context(ScriptedServer(*answers))
            bound = {name: options.pop(name) for name in ("gate", "observer", "request_id") if name in options}
            client = miosa.Client(base_url=server.url, api_key=KEY, **options)  # type: ignore[arg-type]  # a test's own
            stack.callback(client.close)
            return client.bind(**bound), server  # type: ignore[arg-type]  # as above

        yield start


@pytest.fixture
def playing(running_simulator: Simulator) -> Playing:
    playing = Playing(running_simulator.url)
    playing.reset()
    return playing


@pytest.fixture
def client(playing: Playing) -> Iterator[miosa.Client]:
    client = miosa.Client(base_url=playing.url, api_key="msk_test_demo")
    yield client
    client.close()
