"""The stations' language."""
