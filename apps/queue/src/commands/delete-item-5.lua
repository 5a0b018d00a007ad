#!lua flags=allow-oom
-- Deletes an item of a registry.
--
-- KEYS[1..4]      see put-item-4.lua
-- KEYS[5] states  hash  name -> what happened with the item
-- ARGV[1] the name
-- ARGV[2] the owner; '' deletes the item whoever owns it
-- ARGV[3] '1' to leave the next version in `times`, by which the leader learns of the deletion; else '0'
--
-- Result: 'deleted', 'missing', or 'forbidden' when it has another owner.

local name = ARGV[1]
local known = redis.call('HGET', KEYS[1], name)
if not known then return 'missing' end
local owner = string.format('%.0f', cjson.decode(known).owner)
if ARGV[2] ~= '' and ARGV[2] ~= owner then return 'forbidden' end
redis.call('HDEL', KEYS[1], name)
redis.call('ZREM', KEYS[2], name)
redis.call('ZREM', KEYS[3], owner .. ' ' .. name)
redis.call('HDEL', KEYS[5], name)
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[4], redis.call('ZINCRBY', KEYS[4], 1, ''), name)
else
  redis.call('ZREM', KEYS[4], name)
end
return 'deleted'
