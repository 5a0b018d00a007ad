#!lua flags=allow-oom
-- Removes every message, leased ones too. What is on its way to another queue is no longer in this one, and stays on its way. What
-- dedupeIds stand for stays known.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
--
-- Result: nil when there is no such queue; otherwise how many messages there were.

-- @include queue

local purged, moving = redis.call('HLEN', recordsKey) - redis.call('ZCARD', outboxKey), {}
for _, id in ipairs(redis.call('ZRANGE', outboxKey, 0, -1)) do
  moving[#moving + 1] = { id, redis.call('HGET', recordsKey, id), redis.call('HGET', payloadsKey, id) }
end
redis.call('UNLINK', unpack(KEYS, 2, 8))
for _, one in ipairs(moving) do
  redis.call('HSET', recordsKey, one[1], one[2])
  redis.call('HSET', payloadsKey, one[1], one[3])
end
count('purged', purged)
return purged
