"""How fast repeated data lose their value, over a law that is given."""
