"""Seed data as bytes."""
