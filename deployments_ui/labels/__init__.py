"""How states are shown: a CSS class for the colour, a shape of the sprite, and a word."""
