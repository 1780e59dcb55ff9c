"""Tests of the embedded engines and of the supervisor's parts."""
