"""The study: the runner of the notebooks, and the one style of the figures."""
