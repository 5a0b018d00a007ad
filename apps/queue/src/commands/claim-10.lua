#!lua flags=allow-oom
-- Leases the first ready messages to one receiver.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    run       text  see parts/run.lua
-- ARGV[1]     the channel
-- ARGV[2]     the lease: a secret of this one delivery, which also stands for the run
-- ARGV[3]     at most how many messages
-- ARGV[4]     how long the lease is, ms, or '' for the queue's
-- ARGV[5]     at most how many bytes of payload, beyond the first message
--
-- Result: nil when there is no such queue; otherwise
-- { ms until the next delay or lease ends or -1, how many are still ready, how many are in the outbox,
--   end of the leases, then for each message: id, JSON text, time sent, receives, priority, group or '', origin }.

-- @include queue
-- @include run

local lease = ARGV[2]
local found = {}

local function show(id, record, payload)
  local at = #found
  found[at + 1], found[at + 2], found[at + 3], found[at + 4] = id, payload, record[SENT], record[RECEIVES]
  found[at + 5], found[at + 6], found[at + 7] = priorityOf(record), record[GROUP], record[ORIGIN]
end

local function answer(leaseEnd)
  return { untilNextChange(), redis.call('ZCARD', readyKey), redis.call('ZCARD', outboxKey), leaseEnd, unpack(found) }
end

settle()
local earlier = earlierRun()
if earlier then
  announce()
  -- What it has leased then, as far as it still has it.
  for _, id in ipairs(earlier[2]) do
    local record = readRecord(id)
    if record and record[LEASE] == lease then show(id, record, redis.call('HGET', payloadsKey, id)) end
  end
  return answer(earlier[1])
end

local leaseEnd = now + (tonumber(ARGV[4]) or visibilityMs)
local ids = redis.call('ZRANGE', readyKey, 0, ARGV[3] - 1)
if #ids > 0 then
  local packed = redis.call('HMGET', recordsKey, unpack(ids))
  local payloads = redis.call('HMGET', payloadsKey, unpack(ids))
  local taken, records, leases, bytes = {}, {}, {}, 0
  for i, id in ipairs(ids) do
    bytes = bytes + #payloads[i]
    if i > 1 and bytes > tonumber(ARGV[5]) then break end
    local record = cmsgpack.unpack(packed[i])
    record[RECEIVES] = record[RECEIVES] + 1
    record[LEASE] = lease
    taken[i] = id
    records[#records + 1], records[#records + 2] = id, cmsgpack.pack(record)
    leases[#leases + 1], leases[#leases + 2] = leaseEnd, id
    show(id, record, payloads[i])
  end
  count('received', #taken)
  redis.call('ZREM', readyKey, unpack(taken))
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('ZADD', leasesKey, unpack(leases))
  rememberRun({ leaseEnd, taken })
end
announce()
return answer(leaseEnd)
