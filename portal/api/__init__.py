"""The JSON face: read-only, by session. A view reads the query, makes one service call and writes its answer down."""
