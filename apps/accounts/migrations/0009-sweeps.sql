-- By which what is over is found in slices: tokens that were used long ago, and sign-ins that were ended.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'auth_refresh_token' AND index_name = 'auth_refresh_token_used') > 0,
  'DO 0',
  'ALTER TABLE auth_refresh_token ADD KEY auth_refresh_token_used (used_at)');
PREPARE step FROM @step;
EXECUTE step;
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'auth_refresh_family' AND index_name = 'auth_refresh_family_revoked') > 0,
  'DO 0',
  'ALTER TABLE auth_refresh_family ADD KEY auth_refresh_family_revoked (revoked_at)');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
