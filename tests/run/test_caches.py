"""The shared cache: Redis where there is one, and a portal that goes on without it."""

from collections.abc import Callable

import pytest

from portal.caches import SurvivingRedisCache

OPTIONS = {"OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}}


def test_it_is_a_cache(redis_url: str) -> None:
    cache = SurvivingRedisCache(redis_url, OPTIONS)
    cache.clear()
    assert cache.add("lock", 1, 30)
    assert not cache.add("lock", 1, 30)
    cache.set("a", {"b": 1})
    assert cache.get("a") == {"b": 1}
    cache.set_many({"x": 1, "y": 2})
    assert cache.get_many(["x", "y", "z"]) == {"x": 1, "y": 2}
    assert cache.incr("x") == 2
    assert cache.delete("a")
    assert cache.get("a", "gone") == "gone"


def test_without_redis_it_is_an_empty_one(free_port: Callable[[], int]) -> None:
    cache = SurvivingRedisCache(f"redis://127.0.0.1:{free_port()}/0", OPTIONS)
    assert cache.add("lock", 1, 30)
    assert cache.get("a", "default") == "default"
    assert cache.get_many(["a"]) == {}
    assert cache.set_many({"a": 1}) == ["a"]
    assert not cache.has_key("a")
    assert not cache.delete("a")
    assert not cache.touch("a")
    assert cache.incr("a", 5) == 5
    cache.set("a", 1)
    cache.delete_many(["a"])
    cache.clear()


@pytest.mark.django_db
def test_the_default_cache_is_a_table_all_processes_share() -> None:
    from django.core.cache import cache  # noqa: PLC0415  # needs the settings

    assert cache.add("lock", 1, 30)
    assert not cache.add("lock", 1, 30)
