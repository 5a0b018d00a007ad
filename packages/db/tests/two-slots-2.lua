-- Writes two keys, for tests of scripts.
-- KEYS: 1, 2 texts
-- Returns the reply of the second SET.
redis.call('SET', KEYS[1], '1')
return redis.call('SET', KEYS[2], '1')
