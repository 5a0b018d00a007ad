#!lua flags=allow-oom
-- Saves what happened with items, and forgets those that were deleted.
--
-- KEYS[1] items   hash  see put-item-4.lua
-- KEYS[2] times   zset
-- KEYS[3] states  hash  name -> what happened with the item, JSON text
-- ARGV    two for each item: its name, its state or '' for none
--
-- Result: nothing.

for at = 1, #ARGV, 2 do
  local name, state = ARGV[at], ARGV[at + 1]
  if redis.call('HEXISTS', KEYS[1], name) == 0 then
    redis.call('ZREM', KEYS[2], name)
    redis.call('HDEL', KEYS[3], name)
  elseif state ~= '' then
    redis.call('HSET', KEYS[3], name, state)
  end
end
