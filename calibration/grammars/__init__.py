"""Random grammars of known entropy, and documents drawn from them."""
