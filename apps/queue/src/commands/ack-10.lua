#!lua flags=allow-oom
-- Deletes messages whose leases the caller holds.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4..]   two for each message: id, lease
--
-- Result: nil when the queue does not exist; otherwise for each message 1 when it was deleted, 0 when the lease is not held.

-- @include queue
-- @include leases
-- @include reply

local earlier = storedReply()
if earlier then return earlier end

local results, ids, grouped = {}, {}, {}
for i, id, record in heldLeases(4) do
  results[i] = record and 1 or 0
  if record then
    ids[#ids + 1] = id
    if record[GROUP] ~= '' then grouped[id] = record end
  end
end
if #ids > 0 then
  addToCounter('acked', #ids)
  redis.call('ZREM', leasesKey, unpack(ids))
  redis.call('ZREM', agesKey, unpack(ids))
  redis.call('HDEL', recordsKey, unpack(ids))
  redis.call('HDEL', payloadsKey, unpack(ids))
  for id, record in pairs(grouped) do removeFromGroup(id, record) end
end
notifyReceivers()
return storeReply(results)
