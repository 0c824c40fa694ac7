"""How a recommendation looks: the first screen, and the sections that an option each asks for."""
