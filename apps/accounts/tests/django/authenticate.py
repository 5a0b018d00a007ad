#!/usr/bin/env python3
"""Asks Django who may sign in: reads [[username, password], ...] as JSON, answers [true, false, ...].

The accounts are those of the database that MYSQL_URL names.
"""
import json
import sys

import on_mysql

on_mysql.configure()

from django.contrib.auth import authenticate  # noqa: E402

asked = json.load(sys.stdin)
print(json.dumps([authenticate(username=name, password=password) is not None for name, password in asked]))
