"""The sources, one module each, listed in ``registry``."""
