#!lua
-- Stores an access key, unless its account has too many.
--
-- KEYS[1] keys  hash  id -> the key as JSON
-- KEYS[2] own   zset  ids of the account's keys, by the time of their creation
-- ARGV[1] the id
-- ARGV[2] the key as JSON
-- ARGV[3] the time of its creation, ms
-- ARGV[4] the max number of keys of an account
--
-- Result: 1, also when a retry finds the key; 0 when the account has as many keys already.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
