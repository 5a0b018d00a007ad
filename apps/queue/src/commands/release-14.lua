#!lua flags=allow-oom
-- Returns messages to the queue whose leases the caller holds.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     in how many ms they may be received again; '' for the queue's back-off
-- ARGV[5]     '1' when they never reached the receiver, so that the receive does not count; else '0'
-- ARGV[6..]   two for each message: id, lease
--
-- Result: nil when the queue does not exist; otherwise
-- { messages in the outbox, then for each message 1 when it was returned, 0 when the lease is not held }.

-- @include queue
-- @include leases
-- @include streams
-- @include reply

local earlier = storedReply()
if earlier then return earlier end

local delay = tonumber(ARGV[4])
local results, ids = {}, {}
for i, id, packed in heldLeases({ unpack(ARGV, 6) }) do
  results[i] = packed and 1 or 0
  if packed then
    local record = cmsgpack.unpack(packed)
    ids[#ids + 1] = id
    redis.call('ZREM', leasesKey, id)
    if ARGV[5] == '1' then
      record[RECEIVES] = record[RECEIVES] - 1
      if record[RECEIVES] == 0 then record[FIRST] = 0 end
    end
    returnMessage(id, record, delay)
  end
end
finish()
notifyStreams(ids)
return storeReply({ redis.call('ZCARD', outboxKey), unpack(results) })
