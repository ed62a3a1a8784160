from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from portal import miosa
from portal.simulator.simulator import Simulator
from tests.miosa.server import Responder, ScriptedServer
from tests.simulator_control import SimulatorControl

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
def control(running_simulator: Simulator) -> SimulatorControl:
    control = SimulatorControl(running_simulator.url)
    control.reset()
    return control


@pytest.fixture
def client(control: SimulatorControl) -> Iterator[miosa.Client]:
    client = miosa.Client(base_url=control.url, api_key="msk_test_demo")
    yield client
    client.close()
