-- A scope list names up to all scopes.
ALTER TABLE auth_refresh_family MODIFY scope VARCHAR(1024) NOT NULL;

-- Programs that an account has registered. A confidential one has a secret, of which only the SHA-256 is kept.
CREATE TABLE IF NOT EXISTS auth_client (
  id CHAR(36) NOT NULL PRIMARY KEY,
  account_id INT NOT NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 NOT NULL,
  secret_hash BINARY(32) NULL,
  redirect_uris TEXT NOT NULL,
  scope VARCHAR(1024) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  KEY auth_client_account (account_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- Authorization codes by the SHA-256 of their text; a used one knows the sign-in that it began.
CREATE TABLE IF NOT EXISTS auth_code (
  code_hash BINARY(32) NOT NULL PRIMARY KEY,
  client_id CHAR(36) NOT NULL,
  account_id INT NOT NULL,
  epoch INT UNSIGNED NOT NULL,
  redirect_uri VARCHAR(2000) NOT NULL,
  challenge CHAR(43) NOT NULL,
  scope VARCHAR(1024) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  family_id CHAR(36) NULL,
  KEY auth_code_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
