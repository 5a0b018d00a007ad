-- Every change to accounts: who did what to which account, when, from where, in which request. Rows are added and read, nothing else.
CREATE TABLE IF NOT EXISTS auth_audit (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at DATETIME(3) NOT NULL,
  actor_id INT NULL,
  account_id INT NOT NULL,
  action VARCHAR(32) NOT NULL,
  subject VARCHAR(64) NULL,
  address VARCHAR(64) NULL,
  request_id VARCHAR(128) NULL,
  KEY auth_audit_account (account_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin;
