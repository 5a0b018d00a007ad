#!lua flags=allow-oom
-- Leases the first ready messages to one receiver.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the lease: the secret of this delivery; it is also the run id
-- ARGV[4]     max messages
-- ARGV[5]     length of the lease in ms, or '' for the queue's visibilitySeconds
-- ARGV[6]     max bytes of payload; the first message may have more
--
-- Result: nil when the queue does not exist; otherwise
-- { ms until the next delay or lease ends, or -1; messages still ready; messages in the outbox; end of the leases;
--   then for each message: id, JSON text, time sent, receives, priority, group or '', origin }.

-- @include queue
-- @include reply

local lease = ARGV[3]
local found = {}

local function append(id, record, payload)
  local at = #found
  found[at + 1], found[at + 2], found[at + 3], found[at + 4] = id, payload, record[SENT], record[RECEIVES]
  found[at + 5], found[at + 6], found[at + 7] = priorityOf(record), record[GROUP], record[ORIGIN]
end

local function result(leaseEnd)
  return { untilNextChange(), redis.call('ZCARD', readyKey), redis.call('ZCARD', outboxKey), leaseEnd, unpack(found) }
end

applyDue()
local earlier = storedReply()
if earlier then
  notifyReceivers()
  -- A retry returns the messages that were leased the first time, as far as the lease is still held.
  for _, id in ipairs(earlier[2]) do
    local record = readRecord(id)
    if record and record[LEASE] == lease then append(id, record, redis.call('HGET', payloadsKey, id)) end
  end
  return result(earlier[1])
end

local leaseEnd = now + (tonumber(ARGV[5]) or visibilityMs)
local ids = redis.call('ZRANGE', readyKey, 0, ARGV[4] - 1)
if #ids > 0 then
  local packed = redis.call('HMGET', recordsKey, unpack(ids))
  local payloads = redis.call('HMGET', payloadsKey, unpack(ids))
  local taken, records, leases, bytes = {}, {}, {}, 0
  for i, id in ipairs(ids) do
    bytes = bytes + #payloads[i]
    if i > 1 and bytes > tonumber(ARGV[6]) then break end
    local record = cmsgpack.unpack(packed[i])
    record[RECEIVES] = record[RECEIVES] + 1
    record[LEASE] = lease
    taken[i] = id
    records[#records + 1], records[#records + 2] = id, cmsgpack.pack(record)
    leases[#leases + 1], leases[#leases + 2] = leaseEnd, id
    append(id, record, payloads[i])
  end
  addToCounter('received', #taken)
  redis.call('ZREM', readyKey, unpack(taken))
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('ZADD', leasesKey, unpack(leases))
  storeReply({ leaseEnd, taken })
end
notifyReceivers()
return result(leaseEnd)
