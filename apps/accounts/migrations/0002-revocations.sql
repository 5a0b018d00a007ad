-- How often all tokens of an account were revoked at once; an account without a row is at 0. A token tells its epoch.
CREATE TABLE IF NOT EXISTS auth_epoch (
  account_id INT NOT NULL PRIMARY KEY,
  epoch INT UNSIGNED NOT NULL
) ENGINE = InnoDB;

-- What was revoked while tokens that it concerns may still be alive: an account (up to an epoch), a sign-in, one token.
CREATE TABLE IF NOT EXISTS auth_revocation (
  kind VARCHAR(8) NOT NULL,
  subject VARCHAR(36) NOT NULL,
  epoch INT UNSIGNED NOT NULL,
  until_at DATETIME(3) NOT NULL,
  PRIMARY KEY (kind, subject),
  KEY auth_revocation_until (until_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
