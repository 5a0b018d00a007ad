#!lua
-- Sets who may do what with a queue, in its settings, unless a later version is there.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- ARGV[1] the version that the registry gave
-- ARGV[2] the owner or ''
-- ARGV[3] the access, see parts/rights.lua
--
-- Result: nil when the queue does not exist, else 1.

if redis.call('EXISTS', KEYS[1]) == 0 then return false end
if tonumber(redis.call('HGET', KEYS[1], 'accessVersion') or 0) < tonumber(ARGV[1]) then
  -- What the queue may hold was allotted by the former owner.
  if (redis.call('HGET', KEYS[1], 'owner') or '') ~= ARGV[2] then
    redis.call('HDEL', KEYS[1], 'allowedVersion', 'allowedMessages', 'allowedBytes')
  end
  redis.call('HSET', KEYS[1], 'accessVersion', ARGV[1], 'owner', ARGV[2], 'access', ARGV[3])
end
return 1
