#!lua flags=allow-oom
-- Deletes messages whose leases the caller holds.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     id and lease of each message, with a NUL between all
--
-- Result: nil when the queue does not exist; otherwise { a text with a digit for each message: 1 when it was deleted, 0 when the lease is
-- not held }.

-- @include core
-- @include split
-- @include leases
-- @include streams
-- @include reply

local earlier = storedReply()
if earlier then return earlier end

local results, ids, special, bytes = {}, {}, {}, 0
for i, id, packed in heldLeases(split(ARGV[4])) do
  results[i] = packed and 1 or 0
  if packed then
    local _, _, _, _, _, _, group, _, _, _, _, _, _, _, size = cmsgpack.unpack_limit(packed, SIZE, 1)
    ids[#ids + 1] = id
    bytes = bytes + (size or 0)
    if group ~= '' or dedupeUntilAcked then special[#special + 1] = { id, cmsgpack.unpack(packed) } end
  end
end
if #ids > 0 then
  -- The records and the leases were read; one of these two is the first write.
  if #special > 0 then checkTypes() else redis.call('ZCARD', agesKey) end
  redis.call('HDEL', payloadsKey, unpack(ids))
  redis.call('ZREM', agesKey, unpack(ids))
  redis.call('ZREM', leasesKey, unpack(ids))
  redis.call('HDEL', recordsKey, unpack(ids))
  addToCounter('acked', #ids)
  addToCounter('bytes', -bytes)
  for _, one in ipairs(special) do
    releaseDedupeId(one[1], one[2])
    removeFromGroup(one[1], one[2])
  end
end
finish()
notifyStreams(ids)
return storeReply({ table.concat(results) })
