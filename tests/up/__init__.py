"""A real ``wk up``, from outside."""
