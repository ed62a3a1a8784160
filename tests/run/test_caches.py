"""The shared cache, in Redis and in the database, and Redis being unreachable."""

import pytest
from django.core.cache import cache

from portal.caches import ResilientRedisCache
from tests.ports import pick_port

OPTIONS = {"OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}}


def test_redis_works_as_a_cache(redis_url: str) -> None:
    redis_cache = ResilientRedisCache(redis_url, OPTIONS)
    redis_cache.clear()
    assert redis_cache.add("lock", 1, 30)
    assert not redis_cache.add("lock", 1, 30)
    redis_cache.set("a", {"b": 1})
    assert redis_cache.get("a") == {"b": 1}
    redis_cache.set_many({"x": 1, "y": 2})
    assert redis_cache.get_many(["x", "y", "z"]) == {"x": 1, "y": 2}
    assert redis_cache.incr("x") == 2
    assert redis_cache.delete("a")
    assert redis_cache.get("a", "gone") == "gone"


def test_unreachable_redis_behaves_like_an_empty_cache() -> None:
    redis_cache = ResilientRedisCache(f"redis://127.0.0.1:{pick_port()}/0", OPTIONS)
    assert redis_cache.add("lock", 1, 30)
    assert redis_cache.get("a", "default") == "default"
    assert redis_cache.get_many(["a"]) == {}
    assert redis_cache.set_many({"a": 1}) == ["a"]
    assert not redis_cache.has_key("a")
    assert not redis_cache.delete("a")
    assert not redis_cache.touch("a")
    assert redis_cache.incr("a", 5) == 5
    redis_cache.set("a", 1)
    redis_cache.delete_many(["a"])
    redis_cache.clear()


@pytest.mark.django_db
def test_the_default_cache_is_a_table_that_all_processes_share() -> None:
    assert cache.add("lock", 1, 30)
    assert not cache.add("lock", 1, 30)
