#!/usr/bin/env python3
"""Waits until PostgreSQL takes connections, as the official odoo image's script does."""

import argparse
import configparser
import os
import sys
import time

import psycopg2

OPTIONS = {"db_host": "host", "db_port": "port", "db_user": "user", "db_password": "password"}


def main() -> None:
    """Try until the server answers; ends with an error after ``--timeout`` seconds."""
    parser = argparse.ArgumentParser()
    for name in OPTIONS:
        parser.add_argument(f"--{name}")
    parser.add_argument("--timeout", type=float, default=5)
    given = parser.parse_args()
    file = configparser.RawConfigParser()
    file.read(os.environ.get("ODOO_RC", ""))
    kept = dict(file.items("options")) if file.has_section("options") else {}
    place = {
        word: kept.get(name) or getattr(given, name)  # the file is stronger, as with Odoo
        for name, word in OPTIONS.items()
    }
    end = time.monotonic() + given.timeout
    while True:
        try:
            psycopg2.connect(**place, dbname="postgres").close()
            return
        except psycopg2.OperationalError as error:
            if time.monotonic() > end:
                sys.exit(f"Database connection failure: {error}")
            time.sleep(0.2)


if __name__ == "__main__":
    main()
