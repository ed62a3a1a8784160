from tests.services.conftest import operator, person_of, read_all

__all__ = ["operator", "person_of", "read_all"]
