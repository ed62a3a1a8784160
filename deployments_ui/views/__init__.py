"""One file per noun. A view makes one service call and renders the result."""
