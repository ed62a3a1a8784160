from tests.deployments_ui.conftest import browse, world

__all__ = ["browse", "world"]
