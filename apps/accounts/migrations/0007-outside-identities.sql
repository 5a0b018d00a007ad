-- Who of another issuer is which account. Compared byte by byte: to that issuer "a" and "a " are two people.
CREATE TABLE IF NOT EXISTS auth_outside_identity (
  issuer VARBINARY(255) NOT NULL,
  subject VARBINARY(255) NOT NULL,
  account_id INT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (issuer, subject),
  KEY auth_outside_identity_account (account_id)
) ENGINE = InnoDB;

-- When an account's tokens were revoked the last time: tokens of other issuers know no epoch, only when they were made.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'auth_epoch' AND column_name = 'changed_at') > 0,
  'DO 0',
  'ALTER TABLE auth_epoch ADD COLUMN changed_at DATETIME(3) NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
