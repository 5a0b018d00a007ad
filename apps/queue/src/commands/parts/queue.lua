-- What every command on a named queue begins with: its keys, its settings, the time, and how a message changes place.
--
-- KEYS[1] settings  hash  the settings, and what is counted: see below
-- KEYS[2] records   hash  id -> record, see below
-- KEYS[3] payloads  hash  id -> the message, JSON text as it was sent
-- KEYS[4] ready     zset  ids that may be received, by place
-- KEYS[5] delayed   zset  ids that wait for their time, by that time
-- KEYS[6] leases    zset  ids that a receiver has, by the end of the lease
-- KEYS[7] ages      zset  ids by the time they came in, for retention
-- KEYS[8] groups    zset  group, NUL, number, id of every message that has a group: the first of a group is its head, and only
--                         the head is ready, delayed or leased; the others wait here
-- KEYS[9] outbox    zset  ids on their way to another queue, by the ticket of the move
-- ARGV[1] the channel on which waiting receivers are told to look again
--
-- Times are milliseconds of this server's clock. All keys share one hash tag.

local settingsKey, recordsKey, payloadsKey, readyKey, delayedKey, leasesKey, agesKey, groupsKey, outboxKey = unpack(KEYS)
local channel = ARGV[1]

local settings = redis.call('HMGET', settingsKey,
  'visibilitySeconds', 'maxReceives', 'deadLetterQueue', 'retentionSeconds', 'delaySeconds', 'maxLength', 'lastBefore')
if not settings[1] then return false end -- There is no such queue.
local visibilityMs = settings[1] * 1000
local maxReceives = tonumber(settings[2]) -- nil when it is empty: no limit.
local deadLetterQueue = settings[3]
local retentionMs = settings[4] * 1000
local delayMs = settings[5] * 1000
local maxLength = tonumber(settings[6]) -- nil when it is empty: no limit.

-- A key of the wrong kind ends the command here, with nothing done by half.
redis.call('HLEN', recordsKey)
redis.call('HLEN', payloadsKey)
for i = 4, 9 do redis.call('ZCARD', KEYS[i]) end

-- What is counted, in the settings: "last", the number of the last message that came in, by being sent or by a move ("movedIn"); "moves",
-- how many were bound for another queue; "received", "acked", "expired", "purged". The messages here are
--   (last - lastBefore) - acked - expired - purged - (moves - movesBefore - those in the outbox)
-- and what came in and was no move was sent. A queue of a version that did not count begins when it is used first: what is here was sent.
local function count(what, number)
  if number > 0 then redis.call('HINCRBY', settingsKey, what, number) end
end
if not settings[7] then
  local last, moves = unpack(redis.call('HMGET', settingsKey, 'last', 'moves'))
  -- A command that only looks cannot begin it, and need not.
  redis.pcall('HSET', settingsKey, 'lastBefore', (last or 0) - redis.call('HLEN', recordsKey),
    'movesBefore', (moves or 0) - redis.call('ZCARD', outboxKey))
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A record is an array. Its place decides the order: higher priority first, then the order of coming in.
local PLACE, SENT, DUE, RECEIVES, LEASE, GROUP, ORIGIN, DESTINATION = 1, 2, 3, 4, 5, 6, 7, 8
local SPAN = 2 ^ 48 -- places per priority; ten spans fit into a double without loss

-- The most messages that one kind of change touches in one command, so that none holds up the server.
local STEP = 500

local changed = false -- whether waiting receivers have something new to look at

local function placeOf(priority, number)
  return (9 - priority) * SPAN + number
end

local function priorityOf(record)
  return 9 - math.floor(record[PLACE] / SPAN)
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

local function memberOf(id, record)
  return record[GROUP] .. '\0' .. string.format('%016.0f', record[PLACE] % SPAN) .. id
end

-- Makes a message ready, or delayed when its time has not come.
local function offer(id, record)
  if record[DUE] > now then
    redis.call('ZADD', delayedKey, record[DUE], id)
  else
    redis.call('ZADD', readyKey, record[PLACE], id)
  end
  changed = true
end

-- Adds a message that is not in the queue.
local function enter(id, record, payload)
  writeRecord(id, record)
  redis.call('HSET', payloadsKey, id, payload)
  redis.call('ZADD', agesKey, now, id)
  if record[GROUP] == '' then return offer(id, record) end
  local head = headOf(record[GROUP])
  redis.call('ZADD', groupsKey, 0, memberOf(id, record))
  if not head then offer(id, record) end
end

-- Takes a message out of its group; when it was the head, the next one takes its turn.
local function leaveGroup(id, record)
  if record[GROUP] == '' then return end
  local wasHead = headOf(record[GROUP]) == id
  redis.call('ZREM', groupsKey, memberOf(id, record))
  local head = wasHead and headOf(record[GROUP])
  if head then offer(head, readRecord(head)) end
end

-- Puts a message that is in no other set into the outbox, bound for the queue `destination`.
local function sendOff(id, record, destination)
  record[LEASE] = ''
  record[DESTINATION] = destination
  writeRecord(id, record)
  redis.call('ZREM', agesKey, id)
  redis.call('ZADD', outboxKey, redis.call('HINCRBY', settingsKey, 'moves', 1), id)
  leaveGroup(id, record)
end

-- Gives a message back whose lease is over: to this queue after `delay` ms, or to the dead-letter queue when it has had its receives.
local function giveBack(id, record, delay)
  if maxReceives and deadLetterQueue ~= '' and record[RECEIVES] >= maxReceives then
    return sendOff(id, record, deadLetterQueue)
  end
  record[LEASE] = ''
  record[DUE] = now + delay
  writeRecord(id, record)
  offer(id, record)
end

-- Does what time has brought: retention, delays, ends of leases.
local function settle()
  local old = redis.call('ZRANGEBYSCORE', agesKey, '-inf', now - retentionMs, 'LIMIT', 0, STEP)
  count('expired', #old)
  for _, id in ipairs(old) do
    local record = readRecord(id)
    redis.call('HDEL', recordsKey, id)
    redis.call('HDEL', payloadsKey, id)
    redis.call('ZREM', agesKey, id)
    redis.call('ZREM', readyKey, id)
    redis.call('ZREM', delayedKey, id)
    redis.call('ZREM', leasesKey, id)
    leaveGroup(id, record)
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayedKey, '-inf', now, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', delayedKey, id)
    offer(id, readRecord(id))
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leasesKey, '-inf', now, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', leasesKey, id)
    giveBack(id, readRecord(id), 0)
  end
end

-- Milliseconds until a delay or a lease ends, 0 when one has; -1 when there is none.
local function untilNextChange()
  local delay = redis.call('ZRANGE', delayedKey, 0, 0, 'WITHSCORES')[2]
  local lease = redis.call('ZRANGE', leasesKey, 0, 0, 'WITHSCORES')[2]
  if not delay and not lease then return -1 end
  return math.max(0, math.min(tonumber(delay) or math.huge, tonumber(lease) or math.huge) - now)
end

-- Tells waiting receivers, in whichever process, that there may be something for them.
local function announce()
  if changed then redis.call('PUBLISH', channel, '') end
end
