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
-- ARGV[7]     the payloads, with a NUL between them, which JSON has not: two texts are far cheaper than hundreds of arguments
-- ARGV[8]     with a NUL between all: the ids of messages without anything else; or seven for each message: id; delay in ms, '@' and the
--             time in ms, or '' for the queue's delay; dedupeId or '', digest of its body or '', group or '', priority, tenant or ''
--
-- Result: nil when the queue does not exist; a number when nothing was added: 0 when the messages exceed maxLength, 1 when they exceed
-- maxBytes, 2 when the queue needs digests, 3 when it needs room (see allot-1.lua). Otherwise, for messages without anything else, '+' and
-- the number of the first one, which the others follow; or a text with a line for each message: its number, or '=' followed by the id of
-- the earlier message with its dedupeId and, unless that one is gone, a space and its number. A repeated request gets the result of the
-- first one. A request with an Idempotency-Key gets a list instead: the fingerprint and the run id of the first one, '' when an earlier
-- version ran it, then for each message the same, with its own id and a space before its number. Of a series, whose numbers ascend, a
-- request whose number is not above the last one adds nothing and gets an empty list.

-- @include core
-- @include split
-- @include reply
-- @include allowance

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
if earlier then return ARGV[4] == '' and earlier[1] or earlier end

local payloads, heads = split(ARGV[7]), split(ARGV[8])
local count = #payloads
local FIELDS = #heads / count
local ID, DELAY, DEDUPE_ID, DIGEST, GROUP_ID, PRIORITY, TENANT_ID = 1, 2, 3, 4, 5, 6, 7

local isBare = FIELDS == 1
local function headOfMessage(i, field)
  if isBare and field ~= ID then return field == PRIORITY and 0 or '' end
  return heads[(i - 1) * FIELDS + field]
end

-- The dedupeId of a message. Without one of its own it may be the digest of its body; nil when that is missing.
local function dedupeIdOf(i)
  local own = headOfMessage(i, DEDUPE_ID)
  if own ~= '' or not dedupeByContent then return own end
  local digest = headOfMessage(i, DIGEST)
  return digest ~= '' and digest or nil
end

local function numberText(number)
  return string.format('%.0f', number)
end

local ownIds = ARGV[4] ~= '' -- whether the result has the ids of new messages
local results, fresh, first, bytes, plain = {}, {}, {}, 0, true
local function examine(i)
  local id, dedupeId = headOfMessage(i, ID), dedupeIdOf(i)
  local known = false
  if dedupeId ~= '' then
    plain = false
    local since = redis.call('ZSCORE', dedupeTimesKey, dedupeId)
    known = first[dedupeId] or (since and tonumber(since) > now - dedupeMs and redis.call('HGET', dedupeIdsKey, dedupeId))
    if not known then first[dedupeId] = id end
  end
  if known then
    local record = known ~= id and readRecord(known)
    results[i] = known == id and (ownIds and id or '') or '=' .. known .. (record and ' ' .. numberText(numberOf(record)) or '')
  else
    fresh[#fresh + 1] = i
    bytes = bytes + #payloads[i]
    if headOfMessage(i, GROUP_ID) ~= '' or headOfMessage(i, TENANT_ID) ~= '' then plain = false end
  end
end
if isBare and dedupeByContent then return 2 end
for i = 1, isBare and 0 or count do
  if not dedupeIdOf(i) then return 2 end
end
applyDue()
if isBare then bytes = #ARGV[7] - (count - 1) end
for i = 1, count do
  if isBare then fresh[i] = i else examine(i) end
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

local function dueOf(i)
  local delay = headOfMessage(i, DELAY)
  if string.sub(delay, 1, 1) == '@' then return math.max(now, tonumber(string.sub(delay, 2))) end
  return now + (tonumber(delay) or delayMs)
end

local before = counters.last
addToCounter('last', #fresh)
local records, stored, ages, ready, delayed = {}, {}, {}, {}, {}
if isBare and not virtualTime then
  -- The records of these messages differ only in their first field and their last. Packed fields can be joined; \158 begins an array of 14.
  local due = now + delayMs
  local common = cmsgpack.pack(now, due, 0, '', '', '', '', 0, sender, '', '', 0)
  local available = due > now and delayed or ready
  for i = 1, count do
    local id, payload, score, at = heads[i], payloads[i], scoreOf(0, before + i), 2 * i
    records[at - 1], records[at] = id, '\158' .. cmsgpack.pack(score) .. common .. cmsgpack.pack(#payload)
    stored[at - 1], stored[at] = id, payload
    ages[at - 1], ages[at] = due, id
    available[at - 1], available[at] = due > now and due or score, id
  end
  if due > now then dueBy(due) end
  addToCounter('bytes', bytes)
  for i = 1, ownIds and count or 0 do results[i] = heads[i] .. ' ' .. numberText(before + i) end
  if not ownIds then results[1] = '+' .. numberText(before + 1) end
else
  for n, i in ipairs(fresh) do
    local id, payload, group, tenant = headOfMessage(i, ID), payloads[i], headOfMessage(i, GROUP_ID), headOfMessage(i, TENANT_ID)
    local number, due = before + n, dueOf(i)
    local position = positionOf(tenant, number)
    local record = {
      scoreOf(headOfMessage(i, PRIORITY), position), now, due, 0, '', group, '', '',
      0, sender, dedupeIdOf(i), tenant, position == number and 0 or number, #payload,
    }
    results[i] = (ownIds and id .. ' ' or '') .. numberText(number)
    if group == '' then
      records[#records + 1], records[#records + 2] = id, cmsgpack.pack(record)
      stored[#stored + 1], stored[#stored + 2] = id, payload
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
end
if #records > 0 then
  if #ready > 0 and #delayed > 0 then redis.call('ZCARD', delayedKey) end
  if #ready > 0 then redis.call('ZADD', readyKey, unpack(ready)) end
  if #delayed > 0 then redis.call('ZADD', delayedKey, unpack(delayed)) end
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('HSET', payloadsKey, unpack(stored))
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
if ARGV[4] == '' then return storeReply({ table.concat(results, '\n') })[1] end
if ARGV[4] == 'series' then
  redis.call('SET', sentKey, ARGV[5], 'PX', SERIES_MS)
  return {}
end
local reply = { ARGV[5], ARGV[3], unpack(results) }
redis.call('SET', sentKey, cjson.encode(reply), 'PX', ARGV[4])
return reply
