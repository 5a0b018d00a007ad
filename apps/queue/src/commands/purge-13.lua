#!lua flags=allow-oom
-- Deletes all messages, also leased ones. Messages in the outbox stay there: they belong to their destination. Recorded dedupeIds stay,
-- except those that are kept until the message is gone.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
--
-- Result: nil when the queue does not exist; otherwise how many messages were deleted.

-- @include queue

local purged, moving, bytes = redis.call('HLEN', recordsKey) - redis.call('ZCARD', outboxKey), {}, 0
for _, id in ipairs(redis.call('ZRANGE', outboxKey, 0, -1)) do
  moving[#moving + 1] = { id, redis.call('HGET', recordsKey, id), redis.call('HGET', payloadsKey, id) }
end
redis.call('UNLINK', unpack(KEYS, 2, 8))
redis.call('UNLINK', deadKey, tenantsKey)
if dedupeUntilAcked then redis.call('UNLINK', dedupeIdsKey, dedupeTimesKey) end
redis.call('HDEL', settingsKey, 'virtualTime')
for _, one in ipairs(moving) do
  redis.call('HSET', recordsKey, one[1], one[2])
  redis.call('HSET', payloadsKey, one[1], one[3])
  bytes = bytes + (cmsgpack.unpack(one[2])[SIZE] or 0)
end
addToCounter('bytes', bytes - counters.bytes)
addToCounter('purged', purged)
finish()
return purged
