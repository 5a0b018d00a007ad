-- Accounts, column for column Django's. A table that Django made is taken as it is.
CREATE TABLE IF NOT EXISTS auth_user (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  password VARCHAR(128) NOT NULL,
  last_login DATETIME(6) NULL,
  is_superuser BOOL NOT NULL,
  username VARCHAR(150) NOT NULL UNIQUE,
  first_name VARCHAR(150) NOT NULL,
  last_name VARCHAR(150) NOT NULL,
  email VARCHAR(254) NOT NULL,
  is_staff BOOL NOT NULL,
  is_active BOOL NOT NULL,
  date_joined DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

-- Who may be found by which email. Django's column is neither unique nor indexed, and its table is not ours to change.
CREATE TABLE IF NOT EXISTS auth_email (
  email VARCHAR(254) NOT NULL PRIMARY KEY,
  account_id INT NOT NULL,
  KEY auth_email_account (account_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One sign-in. All refresh tokens that follow from it fall together.
CREATE TABLE IF NOT EXISTS auth_refresh_family (
  id CHAR(36) NOT NULL PRIMARY KEY,
  account_id INT NOT NULL,
  client_id VARCHAR(64) NOT NULL,
  scope VARCHAR(255) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  KEY auth_refresh_family_account (account_id),
  KEY auth_refresh_family_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;

-- Refresh tokens by the SHA-256 of their text, which is stored nowhere.
CREATE TABLE IF NOT EXISTS auth_refresh_token (
  token_hash BINARY(32) NOT NULL PRIMARY KEY,
  family_id CHAR(36) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL,
  KEY auth_refresh_token_family (family_id),
  CONSTRAINT auth_refresh_token_of FOREIGN KEY (family_id) REFERENCES auth_refresh_family (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
