#!lua
-- Adds messages: all of them or none.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    sent  text  the record of the request: for one with an Idempotency-Key { fingerprint, run id, ids… } as JSON, from earlier
--                         versions the ids alone; for one without, see parts/reply.lua; for a series, its last number
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     how long the record is kept, ms, '' for a request without an Idempotency-Key, or 'series' for one of a series
-- ARGV[5]     the request's fingerprint, or its number in the series
-- ARGV[6]     the sender: the id of an account, or ''
-- ARGV[7..]   eight for each message: id, payload, delay in ms, '@' and the time in ms, or '' for the queue's delay; dedupeId or '', digest of
--             its body or '', group or '', priority, tenant or ''
--
-- Result: nil when the queue does not exist; a number when nothing was added: 0 when the messages exceed maxLength, 1 when they exceed
-- maxBytes, 2 when the queue needs digests, 3 when it needs room (see allot-1.lua); otherwise an id for each message: its own, or '='
-- followed by the id of the earlier message with its dedupeId; then, unless that one is gone, a space and the number of the message. A repeated request gets the result of the first
-- one. A request with an Idempotency-Key gets two texts before the ids: the fingerprint and the run id of the first one, '' when an
-- earlier version ran it. Of a series, whose numbers ascend, a request whose number is not above the last one adds nothing and gets an
-- empty result.

-- @include core
-- @include reply
-- @include allowance

local FIELDS = 8
local SERIES_MS = 30 * 24 * 3600 * 1000 -- how long the last number of a series is kept
local sentKey, sender = KEYS[14], ARGV[6]
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

-- The dedupeId of the message at this argument. Without one of its own it may be the digest of its body; nil when that is missing.
local function dedupeIdOf(at)
  if ARGV[at + 3] ~= '' or not dedupeByContent then return ARGV[at + 3] end
  return ARGV[at + 4] ~= '' and ARGV[at + 4] or nil
end

local function numberSuffix(record)
  return record and ' ' .. string.format('%.0f', numberOf(record)) or ''
end

local ids, fresh, first, bytes, plain = {}, {}, {}, 0, true
for at = 7, #ARGV, FIELDS do
  if not dedupeIdOf(at) then return 2 end
end
applyDue()
for at = 7, #ARGV, FIELDS do
  local id, dedupeId = ARGV[at], dedupeIdOf(at)
  local known = false
  if dedupeId ~= '' then
    plain = false
    local since = redis.call('ZSCORE', dedupeTimesKey, dedupeId)
    known = first[dedupeId] or (since and tonumber(since) > now - dedupeMs and redis.call('HGET', dedupeIdsKey, dedupeId))
    if not known then first[dedupeId] = id end
  end
  ids[#ids + 1] = known and known ~= id and '=' .. known .. numberSuffix(readRecord(known)) or id
  if not known then
    fresh[#fresh + 1] = at
    bytes = bytes + #ARGV[at + 1]
    if ARGV[at + 5] ~= '' or ARGV[at + 7] ~= '' then plain = false end
  end
end
if not plain or virtualTime then
  checkTypes()
else
  -- The first write is to one of the two others.
  redis.call('HLEN', recordsKey)
  redis.call('HLEN', payloadsKey)
  redis.call('ZCARD', agesKey)
end
local isTooLong = maxLength and redis.call('HLEN', recordsKey) - redis.call('ZCARD', outboxKey) + #fresh > maxLength
local isTooLarge = maxBytes and #fresh > 0 and counters.bytes + bytes > maxBytes
local needsRoom = not hasRoom(#fresh, bytes, allowedMessages, allowedBytes)
if isTooLong or isTooLarge or needsRoom then
  finish()
  return isTooLong and 0 or isTooLarge and 1 or 3
end

local function dueOf(at)
  local delay = ARGV[at + 2]
  if string.sub(delay, 1, 1) == '@' then return math.max(now, tonumber(string.sub(delay, 2))) end
  return now + (tonumber(delay) or delayMs)
end

local before = counters.last
addToCounter('last', #fresh)
local records, payloads, ages, ready, delayed = {}, {}, {}, {}, {}
for i, at in ipairs(fresh) do
  local id, payload, group, tenant = ARGV[at], ARGV[at + 1], ARGV[at + 5], ARGV[at + 7]
  local number, due = before + i, dueOf(at)
  local position = positionOf(tenant, number)
  local record = {
    scoreOf(ARGV[at + 6], position), now, due, 0, '', group, '', '',
    0, sender, dedupeIdOf(at), tenant, position == number and 0 or number, #payload,
  }
  ids[(at - 7) / FIELDS + 1] = id .. numberSuffix(record)
  if group == '' then
    records[#records + 1], records[#records + 2] = id, cmsgpack.pack(record)
    payloads[#payloads + 1], payloads[#payloads + 2] = id, payload
    ages[#ages + 1], ages[#ages + 2] = due, id
    if due > now then
      delayed[#delayed + 1], delayed[#delayed + 2] = due, id
      dueBy(due)
    else
      ready[#ready + 1], ready[#ready + 2] = record[SCORE], id
    end
    addToCounter('bytes', #payload)
  else
    addMessage(id, record, payload)
  end
end
if #records > 0 then
  if #ready > 0 and #delayed > 0 then redis.call('ZCARD', delayedKey) end
  if #ready > 0 then redis.call('ZADD', readyKey, unpack(ready)) end
  if #delayed > 0 then redis.call('ZADD', delayedKey, unpack(delayed)) end
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('HSET', payloadsKey, unpack(payloads))
  redis.call('ZADD', agesKey, unpack(ages))
  changed = true
end
if next(first) then
  for _, dedupeId in ipairs(redis.call('ZRANGEBYSCORE', dedupeTimesKey, '-inf', now - dedupeMs, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', dedupeTimesKey, dedupeId)
    redis.call('HDEL', dedupeIdsKey, dedupeId)
  end
  for dedupeId, id in pairs(first) do
    redis.call('HSET', dedupeIdsKey, dedupeId, id)
    redis.call('ZADD', dedupeTimesKey, dedupeUntilAcked and '+inf' or now, dedupeId)
  end
  for _, key in ipairs({ dedupeIdsKey, dedupeTimesKey }) do
    -- They expire by themselves when nothing more is sent.
    if dedupeUntilAcked then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, dedupeMs) end
  end
end
finish()
if ARGV[4] == '' then return storeReply(ids) end
if ARGV[4] == 'series' then
  redis.call('SET', sentKey, ARGV[5], 'PX', SERIES_MS)
  return ids
end
local reply = { ARGV[5], ARGV[3], unpack(ids) }
redis.call('SET', sentKey, cjson.encode(reply), 'PX', ARGV[4])
return reply
