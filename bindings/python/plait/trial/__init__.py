"""Tests that wait for Deferreds: of Twisted's ``twisted.trial``."""
