#!lua flags=allow-oom
-- Deletes an access key of an account.
--
-- KEYS[1] keys  hash  id -> the key as JSON
-- KEYS[2] own   zset  ids of the account's keys
-- KEYS[3] used  hash  id -> when the key was last used, ms
-- ARGV[1] the id
--
-- Result: 1 when the account had the key, else 0.

if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return 1
