#!lua flags=allow-oom
-- Deletes all messages, also leased ones. Messages in the outbox stay there: they belong to their destination. Recorded dedupeIds stay.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
--
-- Result: nil when the queue does not exist; otherwise how many messages were deleted.

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
addToCounter('purged', purged)
return purged
