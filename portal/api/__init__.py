"""The JSON face: the same services as the pages, for programs."""
