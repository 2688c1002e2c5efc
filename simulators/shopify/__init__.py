"""Shopify Admin API simulator (placeholder until its parts land)."""

NAME = "shopify"
