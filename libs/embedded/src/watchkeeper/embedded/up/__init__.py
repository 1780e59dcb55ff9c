"""What ``wk up`` does: the engines and every service on one machine, with their data in one folder."""
