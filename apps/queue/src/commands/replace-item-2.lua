#!lua flags=allow-oom
-- Replaces an item of a registry by another one of its owner, unless it was changed meanwhile.
--
-- KEYS[1] items  hash  see put-item-4.lua
-- KEYS[2] times  zset
-- ARGV[1] the name
-- ARGV[2] the version that was read
-- ARGV[3] the item, JSON text
--
-- Result: 1 when it was replaced, else 0.

if redis.call('ZSCORE', KEYS[2], ARGV[1]) ~= ARGV[2] or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[2], redis.call('ZINCRBY', KEYS[2], 1, ''), ARGV[1])
return 1
