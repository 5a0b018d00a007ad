"""Django's accounts on the database that MYSQL_URL names."""
import os
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings


def configure():
    url = urlsplit(os.environ["MYSQL_URL"])
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.mysql",
                "HOST": url.hostname,
                "PORT": url.port or 3306,
                "USER": unquote(url.username or ""),
                "PASSWORD": unquote(url.password or ""),
                "NAME": url.path[1:],
                "OPTIONS": {"charset": "utf8mb4"},
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        # In the order of a site that has come to prefer Argon2.
        PASSWORD_HASHERS=[
            "django.contrib.auth.hashers." + name
            for name in (
                "Argon2PasswordHasher",
                "PBKDF2PasswordHasher",
                "PBKDF2SHA1PasswordHasher",
                "BCryptSHA256PasswordHasher",
                "BCryptPasswordHasher",
            )
        ],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        SECRET_KEY="of no use here",
    )
    django.setup()
