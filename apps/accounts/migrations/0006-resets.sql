-- Links by which a forgotten password is replaced, by the SHA-256 of their tokens. `state` is a digest of what the account was
-- when the link was made: it is void once the password, the email or the epoch is another.
CREATE TABLE IF NOT EXISTS auth_reset (
  token_hash BINARY(32) NOT NULL PRIMARY KEY,
  account_id INT NOT NULL,
  state BINARY(32) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  KEY auth_reset_account (account_id),
  KEY auth_reset_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
