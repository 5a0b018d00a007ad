-- The start of every command on a named queue: its keys, its settings, the time, and the functions that change a message's state.
--
-- KEYS[1] settings  hash  the settings and the counters, see below
-- KEYS[2] records   hash  id -> record, see below
-- KEYS[3] payloads  hash  id -> the message, JSON text as it was sent
-- KEYS[4] ready     zset  ids of messages that may be received, by score
-- KEYS[5] delayed   zset  ids of delayed messages, by the end of the delay
-- KEYS[6] leases    zset  ids of leased messages, by the end of the lease
-- KEYS[7] ages      zset  ids by the time when each was first available: retention counts from there
-- KEYS[8] groups    zset  group, NUL, number, id of every message with a group, all with score 0: the first of a group is its head, and
--                         only the head is ready, delayed or leased; the others are blocked
-- KEYS[9] outbox    zset  ids of messages to transfer to another queue, by the ticket of the transfer
-- ARGV[1] the wake channel: a message on it wakes waiting receivers
-- ARGV[2] the caller, see parts/rights.lua; a command that it has no right for replies with an error FORBIDDEN
--
-- Times are milliseconds of this server's clock. All keys share one hash tag.

-- @include rights

local settingsKey, recordsKey, payloadsKey, readyKey, delayedKey, leasesKey, agesKey, groupsKey, outboxKey = unpack(KEYS)
local channel = ARGV[1]

local settings = redis.call('HMGET', settingsKey,
  'visibilitySeconds', 'maxReceives', 'deadLetterQueue', 'retentionSeconds', 'delaySeconds', 'maxLength', 'lastBefore',
  'owner', 'access')
if not settings[1] then return false end -- The queue does not exist.
if not isAllowed(ARGV[2], settings[8], settings[9]) then return redis.error_reply('FORBIDDEN ' .. ARGV[2]) end
local visibilityMs = settings[1] * 1000
local maxReceives = tonumber(settings[2]) -- nil when it is empty: no limit.
local deadLetterQueue = settings[3]
local retentionMs = settings[4] * 1000
local delayMs = settings[5] * 1000
local maxLength = tonumber(settings[6]) -- nil when it is empty: no limit.

-- A key of the wrong type fails the command here, before it has changed anything.
redis.call('HLEN', recordsKey)
redis.call('HLEN', payloadsKey)
for i = 4, 9 do redis.call('ZCARD', KEYS[i]) end

-- The counters, fields of the settings: "last", the number of the last message that arrived, sent or transferred ("movedIn"); "moves",
-- the last ticket: how many messages were put into the outbox; "received", "acked", "expired", "purged". The messages here are
--   (last - lastBefore) - acked - expired - purged - (moves - movesBefore - those in the outbox)
-- and messages that arrived without a transfer were sent. A queue of a version without counters starts counting at the first command:
-- its messages count as sent.
local function addToCounter(name, number)
  if number > 0 then redis.call('HINCRBY', settingsKey, name, number) end
end
if not settings[7] then
  local last, moves = unpack(redis.call('HMGET', settingsKey, 'last', 'moves'))
  -- A read-only command cannot start it, and need not.
  redis.pcall('HSET', settingsKey, 'lastBefore', (last or 0) - redis.call('HLEN', recordsKey),
    'movesBefore', (moves or 0) - redis.call('ZCARD', outboxKey))
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A record is an array. Its score is the order of delivery: higher priority first, then order of arrival.
local SCORE, SENT, DUE, RECEIVES, LEASE, GROUP, ORIGIN, DESTINATION = 1, 2, 3, 4, 5, 6, 7, 8
local SPAN = 2 ^ 48 -- scores per priority; ten spans fit into a double without loss

-- The max number of messages that one kind of change affects in one command, so that no command blocks the server.
local STEP = 500

local changed = false -- whether waiting receivers may find something new

local function scoreOf(priority, number)
  return (9 - priority) * SPAN + number
end

local function priorityOf(record)
  return 9 - math.floor(record[SCORE] / SPAN)
end

local function readRecord(id)
  local packed = redis.call('HGET', recordsKey, id)
  return packed and cmsgpack.unpack(packed)
end

local function writeRecord(id, record)
  redis.call('HSET', recordsKey, id, cmsgpack.pack(record))
end

local function headOf(group)
  local first = redis.call('ZRANGEBYLEX', groupsKey, '[' .. group .. '\0', '(' .. group .. '\1', 'LIMIT', 0, 1)[1]
  return first and string.sub(first, #group + 18)
end

local function groupMember(id, record)
  return record[GROUP] .. '\0' .. string.format('%016.0f', record[SCORE] % SPAN) .. id
end

-- Makes a message ready, or delayed until it is due.
local function makeAvailable(id, record)
  if record[DUE] > now then
    redis.call('ZADD', delayedKey, record[DUE], id)
  else
    redis.call('ZADD', readyKey, record[SCORE], id)
  end
  changed = true
end

-- Adds a message that is not in the queue.
local function addMessage(id, record, payload)
  writeRecord(id, record)
  redis.call('HSET', payloadsKey, id, payload)
  redis.call('ZADD', agesKey, math.max(now, record[DUE]), id)
  if record[GROUP] == '' then return makeAvailable(id, record) end
  local head = headOf(record[GROUP])
  redis.call('ZADD', groupsKey, 0, groupMember(id, record))
  if not head then makeAvailable(id, record) end
end

-- Removes a message from its group. When it was the head, the next message becomes the head.
local function removeFromGroup(id, record)
  if record[GROUP] == '' then return end
  local wasHead = headOf(record[GROUP]) == id
  redis.call('ZREM', groupsKey, groupMember(id, record))
  local head = wasHead and headOf(record[GROUP])
  if head then makeAvailable(head, readRecord(head)) end
end

-- Puts a message that is in no other set into the outbox, to be transferred to `destination`.
local function moveToOutbox(id, record, destination)
  record[LEASE] = ''
  record[DESTINATION] = destination
  writeRecord(id, record)
  redis.call('ZREM', agesKey, id)
  redis.call('ZADD', outboxKey, redis.call('HINCRBY', settingsKey, 'moves', 1), id)
  removeFromGroup(id, record)
end

-- Returns a message whose lease has ended: to this queue after `delay` ms, or to the dead-letter queue after maxReceives receives.
local function returnMessage(id, record, delay)
  if maxReceives and deadLetterQueue ~= '' and record[RECEIVES] >= maxReceives then
    return moveToOutbox(id, record, deadLetterQueue)
  end
  record[LEASE] = ''
  record[DUE] = now + delay
  writeRecord(id, record)
  makeAvailable(id, record)
end

-- Deletes a message that is not in the outbox.
local function deleteMessage(id, record)
  redis.call('HDEL', recordsKey, id)
  redis.call('HDEL', payloadsKey, id)
  redis.call('ZREM', agesKey, id)
  redis.call('ZREM', readyKey, id)
  redis.call('ZREM', delayedKey, id)
  redis.call('ZREM', leasesKey, id)
  removeFromGroup(id, record)
end

-- Applies what has become due: expiry, ends of delays, ends of leases.
local function applyDue()
  local old = redis.call('ZRANGEBYSCORE', agesKey, '-inf', now - retentionMs, 'LIMIT', 0, STEP)
  addToCounter('expired', #old)
  for _, id in ipairs(old) do deleteMessage(id, readRecord(id)) end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayedKey, '-inf', now, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', delayedKey, id)
    makeAvailable(id, readRecord(id))
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leasesKey, '-inf', now, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', leasesKey, id)
    returnMessage(id, readRecord(id), 0)
  end
end

-- Milliseconds until the next delay or lease ends, 0 when one has ended; -1 when there is none.
local function untilNextChange()
  local delay = redis.call('ZRANGE', delayedKey, 0, 0, 'WITHSCORES')[2]
  local lease = redis.call('ZRANGE', leasesKey, 0, 0, 'WITHSCORES')[2]
  if not delay and not lease then return -1 end
  return math.max(0, math.min(tonumber(delay) or math.huge, tonumber(lease) or math.huge) - now)
end

-- Wakes waiting receivers in all processes when there may be something for them.
local function notifyReceivers()
  if changed then redis.call('PUBLISH', channel, '') end
end
