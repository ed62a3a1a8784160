"""One file per noun. A view finds the person, makes one service call and answers."""
