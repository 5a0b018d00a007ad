#!/usr/bin/env python3
r"""Makes accounts with Django itself, in MySQL tables that Django's migrations make, and tells what Django says of each.

    MYSQL_URL=mysql://root@127.0.0.1:3306/empty_database /usr/bin/python3 make_dump.py > people.json
    mariadb-dump --compact --complete-insert --skip-extended-insert empty_database auth_user | grep -v '^/\*' > auth_user.sql

Needs Debian's python3-django, python3-mysqldb, python3-argon2 and python3-bcrypt.
"""
import json
import sys

import on_mysql

on_mysql.configure()

from django.contrib.auth import authenticate, get_user_model, hashers  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

call_command("migrate", verbosity=0)
User = get_user_model()


class Fewer(hashers.PBKDF2PasswordHasher):
    """As Django 1.4 counted."""

    iterations = 10_000


class More(hashers.PBKDF2PasswordHasher):
    """As Django 5.1 counts."""

    iterations = 870_000


class CheapArgon2(hashers.Argon2PasswordHasher):
    """As Django 1.10 made them."""

    time_cost, memory_cost, parallelism = 2, 512, 2


class CheapBcrypt(hashers.BCryptSHA256PasswordHasher):
    rounds = 6


class CheapPlainBcrypt(hashers.BCryptPasswordHasher):
    rounds = 6


pbkdf2 = hashers.PBKDF2PasswordHasher()
people = []


def add(username, password, hasher=pbkdf2, email=None, **changes):
    email = f"{len(people)}@django.example" if email is None else email
    user = User.objects.create_user(username, email, None, **changes)
    if hasher is None:
        user.set_unusable_password()
    else:
        user.password = hasher.encode(password, hasher.salt())
    user.save()
    people.append({"username": username, "email": email, "password": password})


add("pbkdf2", "correct horse battery")
add("pbkdf2_few", "correct horse battery", Fewer())
add("pbkdf2_many", "correct horse battery", More())
add("pbkdf2_sha1", "correct horse battery", hashers.PBKDF2SHA1PasswordHasher())
add("argon2", "correct horse battery", hashers.Argon2PasswordHasher())
add("argon2_cheap", "correct horse battery", CheapArgon2())
add("bcrypt_sha256", "correct horse battery", hashers.BCryptSHA256PasswordHasher())
add("bcrypt_sha256_cheap", "correct horse battery", CheapBcrypt())
add("bcrypt", "correct horse battery", CheapPlainBcrypt())
add("bcrypt_long", "b" * 80, CheapPlainBcrypt())
add("bcrypt_sha256_long", "b" * 200, CheapBcrypt())
add("unusable", "!", None)
add("inactive", "correct horse battery", Fewer(), is_active=False)
add("inactive_argon2", "correct horse battery", CheapArgon2(), is_active=False)
add("chief", "correct horse battery", Fewer(), is_staff=True, is_superuser=True)
add("editor", "correct horse battery", Fewer(), is_staff=True, first_name="Éva", last_name="O'Hara \\ \"x\"")
add("seen", "correct horse battery", Fewer(), last_login=timezone.now())
add("Ñandú_東京", "contraseña 東京 😀", Fewer())
add("Ünï.çødé+x@y-z", "naïve café", CheapArgon2())
add("ｆｕｌｌｗｉｄｔｈ", "correct horse battery", Fewer())
add("decomposed", "cafe\u0301 with a combining accent", Fewer())
add("quote", "it's \"quoted\" \\ $ % : &=+;#", Fewer())
add("spaces", "  leading and trailing  ", CheapBcrypt())
add("nul", "a\0b is a password", CheapArgon2())
add("short", "1", Fewer())
add("a" * 150, "correct horse battery", Fewer())
add("mail@django.example", "correct horse battery", Fewer(), email="other@django.example")
add("no_mail", "correct horse battery", Fewer(), email="")
add("twin1", "correct horse battery", Fewer(), email="twin@django.example")
add("twin2", "another horse battery", Fewer(), email="twin@django.example")

# Signing in hashes a password anew; what is dumped is what was there before.
def lets_in(user, password):
    with transaction.atomic():
        found = authenticate(username=user.username, password=password)
        transaction.set_rollback(True)
    return found is not None and found.pk == user.pk


for person, user in zip(people, User.objects.order_by("id")):
    person["stored"] = user.username
    person["isStaff"] = user.is_staff
    person["letIn"] = lets_in(user, person["password"])
    person["letInWithMore"] = lets_in(user, person["password"] + "x")

json.dump(people, sys.stdout, ensure_ascii=True, indent=2)
print()
