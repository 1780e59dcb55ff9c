"""What the probes share: a stopwatch for phases, dialling, certificates, and one HTTP exchange."""
