#!lua
-- Adds messages, all or none.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    dedupeIds    hash  dedupeId -> id of the message that had it first
-- KEYS[11]    dedupeTimes  zset  dedupeId by the time of that message
-- KEYS[12]    sent         text  what came of the request that the messages came with; when it has no key, that of this run
-- ARGV[1]     the channel
-- ARGV[2]     the run
-- ARGV[3]     how long a request is remembered, ms, or '' for one that has no key
-- ARGV[4]     its fingerprint
-- ARGV[5]     how long a dedupeId is remembered, ms
-- ARGV[6..]   six for each message: id, JSON text, delay in ms or '' for the queue's, dedupeId or '', group or '', priority
--
-- Result: nil when there is no such queue; the number 0 when they do not fit; otherwise an id for each message,
-- after '=' that of the earlier message where the dedupeId was known. A request that was here before gets what it got then; one with
-- a key also gets, in front of that, the fingerprint and the run of the one that was done, '' where an earlier version did it.

-- @include queue
-- @include run

local dedupeIdsKey, dedupeTimesKey, sentKey = KEYS[10], KEYS[11], KEYS[12]
local earlier
if ARGV[3] == '' then
  earlier = earlierRun()
else
  local known = redis.call('GET', sentKey)
  local record = known and cjson.decode(known)
  earlier = record and (#record[1] == #ARGV[4] and record or { '', '', unpack(record) })
end
if earlier then return earlier end
local forgotten = now - ARGV[5]
settle()
for _, dedupeId in ipairs(redis.call('ZRANGEBYSCORE', dedupeTimesKey, '-inf', forgotten, 'LIMIT', 0, STEP)) do
  redis.call('ZREM', dedupeTimesKey, dedupeId)
  redis.call('HDEL', dedupeIdsKey, dedupeId)
end

local ids, fresh, first = {}, {}, {}
for at = 6, #ARGV, 6 do
  local id, dedupeId = ARGV[at], ARGV[at + 3]
  local known = false
  if dedupeId ~= '' then
    local since = redis.call('ZSCORE', dedupeTimesKey, dedupeId)
    known = first[dedupeId] or (since and tonumber(since) > forgotten and redis.call('HGET', dedupeIdsKey, dedupeId))
    if not known then first[dedupeId] = id end
  end
  ids[#ids + 1] = known and known ~= id and '=' .. known or id
  if not known then fresh[#fresh + 1] = at end
end
if maxLength and redis.call('HLEN', recordsKey) - redis.call('ZCARD', outboxKey) + #fresh > maxLength then return 0 end
local reply = ids
if ARGV[3] == '' then
  rememberRun(ids)
else
  reply = { ARGV[4], ARGV[2], unpack(ids) }
  redis.call('SET', sentKey, cjson.encode(reply), 'PX', ARGV[3])
end
if #fresh == 0 then return reply end

local number = redis.call('HINCRBY', settingsKey, 'last', #fresh) - #fresh
local records, payloads, ages, ready, delayed = {}, {}, {}, {}, {}
for i, at in ipairs(fresh) do
  local id, payload, delay, group = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]) or delayMs, ARGV[at + 4]
  local record = { placeOf(ARGV[at + 5], number + i), now, now + delay, 0, '', group, '', '' }
  if group == '' then
    records[#records + 1], records[#records + 2] = id, cmsgpack.pack(record)
    payloads[#payloads + 1], payloads[#payloads + 2] = id, payload
    ages[#ages + 1], ages[#ages + 2] = now, id
    if delay > 0 then
      delayed[#delayed + 1], delayed[#delayed + 2] = record[DUE], id
    else
      ready[#ready + 1], ready[#ready + 2] = record[PLACE], id
    end
  else
    enter(id, record, payload)
  end
end
for dedupeId, id in pairs(first) do
  redis.call('HSET', dedupeIdsKey, dedupeId, id)
  redis.call('ZADD', dedupeTimesKey, now, dedupeId)
end
if next(first) then
  -- Where nobody sends any more, they go by themselves.
  redis.call('PEXPIRE', dedupeIdsKey, ARGV[5])
  redis.call('PEXPIRE', dedupeTimesKey, ARGV[5])
end
if #records > 0 then
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('HSET', payloadsKey, unpack(payloads))
  redis.call('ZADD', agesKey, unpack(ages))
  if #ready > 0 then redis.call('ZADD', readyKey, unpack(ready)) end
  if #delayed > 0 then redis.call('ZADD', delayedKey, unpack(delayed)) end
  changed = true
end
announce()
return reply
