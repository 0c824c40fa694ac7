"""How the laws of several groups depend on a covariate."""
