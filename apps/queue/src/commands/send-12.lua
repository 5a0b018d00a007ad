#!lua
-- Adds messages: all of them or none.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    dedupeIds    hash  dedupeId -> id of the first message with it
-- KEYS[11]    dedupeTimes  zset  dedupeId, by the time of that message
-- KEYS[12]    sent         text  the record of the request: for one with an Idempotency-Key { fingerprint, run id, ids… } as JSON, from
--                                earlier versions the ids alone; for one without, see parts/reply.lua; for a series, its last number
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     how long the record is kept, ms, '' for a request without an Idempotency-Key, or 'series' for one of a series
-- ARGV[5]     the request's fingerprint, or its number in the series
-- ARGV[6]     how long a dedupeId is kept, ms
-- ARGV[7..]   six for each message: id, JSON text, delay in ms or '' for the queue's, dedupeId or '', group or '', priority
--
-- Result: nil when the queue does not exist; the number 0 when the messages do not fit; otherwise an id for each message: its own, or
-- '=' followed by the id of the earlier message with its dedupeId. A repeated request gets the result of the first one. A request with
-- an Idempotency-Key gets two texts before the ids: the fingerprint and the run id of the first one, '' when an earlier version ran it.
-- Of a series, whose numbers ascend, a request whose number is not above the last one adds nothing and gets an empty result.

-- @include queue
-- @include reply

local dedupeIdsKey, dedupeTimesKey, sentKey = KEYS[10], KEYS[11], KEYS[12]
local SERIES_MS = 30 * 24 * 3600 * 1000 -- how long the last number of a series is kept
local earlier
if ARGV[4] == '' then
  earlier = storedReply()
elseif ARGV[4] == 'series' then
  earlier = tonumber(redis.call('GET', sentKey) or 0) >= tonumber(ARGV[5]) and {} or nil
else
  local known = redis.call('GET', sentKey)
  local record = known and cjson.decode(known)
  earlier = record and (#record[1] == #ARGV[5] and record or { '', '', unpack(record) })
end
if earlier then return earlier end
local forgotten = now - ARGV[6]
applyDue()
for _, dedupeId in ipairs(redis.call('ZRANGEBYSCORE', dedupeTimesKey, '-inf', forgotten, 'LIMIT', 0, STEP)) do
  redis.call('ZREM', dedupeTimesKey, dedupeId)
  redis.call('HDEL', dedupeIdsKey, dedupeId)
end

local ids, fresh, first = {}, {}, {}
for at = 7, #ARGV, 6 do
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
if ARGV[4] == '' then
  storeReply(ids)
elseif ARGV[4] == 'series' then
  redis.call('SET', sentKey, ARGV[5], 'PX', SERIES_MS)
else
  reply = { ARGV[5], ARGV[3], unpack(ids) }
  redis.call('SET', sentKey, cjson.encode(reply), 'PX', ARGV[4])
end
if #fresh == 0 then return reply end

local number = redis.call('HINCRBY', settingsKey, 'last', #fresh) - #fresh
local records, payloads, ages, ready, delayed = {}, {}, {}, {}, {}
for i, at in ipairs(fresh) do
  local id, payload, delay, group = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]) or delayMs, ARGV[at + 4]
  local record = { scoreOf(ARGV[at + 5], number + i), now, now + delay, 0, '', group, '', '' }
  if group == '' then
    records[#records + 1], records[#records + 2] = id, cmsgpack.pack(record)
    payloads[#payloads + 1], payloads[#payloads + 2] = id, payload
    ages[#ages + 1], ages[#ages + 2] = record[DUE], id
    if delay > 0 then
      delayed[#delayed + 1], delayed[#delayed + 2] = record[DUE], id
    else
      ready[#ready + 1], ready[#ready + 2] = record[SCORE], id
    end
  else
    addMessage(id, record, payload)
  end
end
for dedupeId, id in pairs(first) do
  redis.call('HSET', dedupeIdsKey, dedupeId, id)
  redis.call('ZADD', dedupeTimesKey, now, dedupeId)
end
if next(first) then
  -- They expire by themselves when nothing more is sent.
  redis.call('PEXPIRE', dedupeIdsKey, ARGV[6])
  redis.call('PEXPIRE', dedupeTimesKey, ARGV[6])
end
if #records > 0 then
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('HSET', payloadsKey, unpack(payloads))
  redis.call('ZADD', agesKey, unpack(ages))
  if #ready > 0 then redis.call('ZADD', readyKey, unpack(ready)) end
  if #delayed > 0 then redis.call('ZADD', delayedKey, unpack(delayed)) end
  changed = true
end
notifyReceivers()
return reply
