-- Invitations to make an account, by the SHA-256 of their tokens: good once, until they expire, for that email where one is named.
CREATE TABLE IF NOT EXISTS auth_invitation (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token_hash BINARY(32) NOT NULL UNIQUE,
  email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  made_by INT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  used_at DATETIME(3) NULL,
  account_id INT NULL,
  KEY auth_invitation_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
