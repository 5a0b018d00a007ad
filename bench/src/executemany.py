"""Stores a CSV file of hires with PyMySQL as a small service does: `executemany` of 1,000 rows, a transaction each.

Arguments: the URL of the database, the table, the file. Prints the seconds that it took. PyMySQL, like mysqlclient and
mysql-connector-python, sends an `executemany` of `INSERT … VALUES` as INSERTs of many rows, as text, of at most
`Cursor.max_stmt_length` (1,024,000) bytes each.
"""

import csv
import sys
import time
from itertools import islice
from urllib.parse import unquote, urlsplit

import pymysql

url, table, file = sys.argv[1:]
place = urlsplit(url)
connection = pymysql.connect(
    host=place.hostname,
    port=place.port or 3306,
    user=unquote(place.username or ""),
    password=unquote(place.password or ""),
    charset="utf8mb4",
)
insert = f"INSERT INTO {table} (id, name, datetime, department_id, job_id) VALUES (%s, %s, %s, %s, %s)"
started = time.perf_counter()
with open(file, newline="", encoding="utf-8") as opened, connection.cursor() as cursor:
    rows = csv.reader(opened)
    while batch := list(islice(rows, 1000)):
        cursor.executemany(insert, batch)
        connection.commit()
print(time.perf_counter() - started)
