-- The start of every command on a named queue: its keys, its settings, the time, and the functions that change a message's state. A
-- command that includes this instead of `queue` must make sure by itself, before its first write, that its keys have the right types.
--
-- KEYS[1] settings  hash  the settings, the counters, and what the commands share, see below
-- KEYS[2] records   hash  id -> record, see below
-- KEYS[3] payloads  hash  id -> the message in its stored form: messages/packed.ts
-- KEYS[4] ready     zset  ids of messages that may be received, by score
-- KEYS[5] delayed   zset  ids of delayed messages, by the end of the delay
-- KEYS[6] leases    zset  ids of leased messages, by the end of the lease
-- KEYS[7] ages      zset  ids of all but dead and outgoing messages, by the time when each was first available: retention counts from there
-- KEYS[8] groups    zset  members "group, NUL, number, id", all with score 0, so that a group is in order; see below
-- KEYS[9] outbox    zset  ids of messages to transfer to another queue, by the ticket of the transfer
-- KEYS[10] dead     zset  ids of messages that were received too often, by the time when that was found; retention counts from there
-- KEYS[11] tenants  zset  tenants with messages to come, '' for messages without one, by the position of the last message of each
-- KEYS[12] dedupeIds    hash  dedupeId -> id of the first message with it
-- KEYS[13] dedupeTimes  zset  dedupeIds, by the time of that message; +inf for one that is kept until the message is gone
-- ARGV[1] the wake channel: a message on it wakes waiting receivers
-- ARGV[2] the caller, see parts/rights.lua; a command that it has no right for replies with an error FORBIDDEN
--
-- Every command that changes something ends with `finish()`. Times are milliseconds of this server's clock. All keys share one hash tag.
--
-- Groups. In most queues only the first message of a group, its head, is ready, delayed or leased; the others are blocked. In a queue
-- whose name ends in .fifo, several messages of a group can be in flight: members that wait are in `groups` as above; those that are
-- leased, or were returned with a delay, are there with a NUL in front, and while there is one, no other of the group is ready. A new
-- message that is delayed is in no group until its delay ends.

-- @include rights

local settingsKey, recordsKey, payloadsKey, readyKey, delayedKey, leasesKey, agesKey, groupsKey, outboxKey, deadKey, tenantsKey,
  dedupeIdsKey, dedupeTimesKey = unpack(KEYS)
local channel = ARGV[1]

local settings = redis.call('HMGET', settingsKey,
  'visibilitySeconds', 'maxReceives', 'deadLetterQueue', 'retentionSeconds', 'delaySeconds', 'maxLength', 'lastBefore',
  'owner', 'access', 'backoffSeconds', 'maxBackoffSeconds', 'dedupeUntilAcked', 'nextDue', 'listenUntil', 'virtualTime',
  'last', 'moves', 'bytes', 'received', 'acked', 'maxBytes', 'dedupeSeconds', 'dedupeByContent', 'allowedMessages', 'allowedBytes',
  'streamsUntil')
if not settings[1] then return false end -- The queue does not exist.
if not isAllowed(ARGV[2], settings[8], settings[9]) then return redis.error_reply('FORBIDDEN ' .. ARGV[2]) end
local visibilityMs = settings[1] * 1000
local maxReceives = tonumber(settings[2]) -- nil when it is empty: no limit.
local deadLetterQueue = settings[3] -- '' for none: messages that were received too often stay here, dead.
local retentionMs = settings[4] * 1000
local delayMs = settings[5] * 1000
local maxLength = tonumber(settings[6]) -- nil when it is empty: no limit.
local backoffMs = (settings[10] or 1) * 1000 -- Queues of earlier versions lack these two.
local maxBackoffMs = (settings[11] or 300) * 1000
local dedupeUntilAcked = settings[12] == '1'
local nextDue = tonumber(settings[13]) or 0 -- Nothing becomes due before this time.
local listenUntil = tonumber(settings[14]) or 0 -- Until then receivers may wait for messages on the wake channel.
local streamsUntil = tonumber(settings[26]) or 0 -- Until then streams may be open, see watch-3.lua.
local virtualTime = tonumber(settings[15]) -- nil while no message has a tenant, see positionOf.
local maxBytes = tonumber(settings[21]) -- nil for no limit.
local dedupeMs, dedupeByContent = (settings[22] or 300) * 1000, settings[23] == '1'
local allowedMessages, allowedBytes = settings[24], settings[25] -- See parts/allowance.lua.
local isFifo = string.find(settingsKey, '.fifo}:settings', 1, true) ~= nil

-- The counters, fields of the settings: "last", the number of the last message that arrived, sent or transferred ("movedIn"); "moves",
-- the last ticket: how many messages were put into the outbox; "received", "acked", "expired", "purged"; "bytes", the size of the
-- messages in the queue. The messages here are
--   (last - lastBefore) - acked - expired - purged - (moves - movesBefore - those in the outbox)
-- and messages that arrived without a transfer were sent. A queue of a version without counters starts counting at the first command:
-- its messages count as sent. Fields that change are written together by `finish`.
local counters = {
  last = tonumber(settings[16]) or 0, moves = tonumber(settings[17]) or 0, bytes = tonumber(settings[18]),
  received = tonumber(settings[19]) or 0, acked = tonumber(settings[20]) or 0,
}
local changes = {} -- fields of the settings to write, with their values
local function addToCounter(name, number)
  if number == 0 then return end
  if not counters[name] then return redis.call('HINCRBY', settingsKey, name, number) end
  counters[name] = counters[name] + number
  changes[name] = counters[name]
end
if not settings[7] then
  -- A read-only command cannot start it, and need not.
  redis.pcall('HSET', settingsKey, 'lastBefore', counters.last - redis.call('HLEN', recordsKey),
    'movesBefore', counters.moves - redis.call('ZCARD', outboxKey))
end
if not counters.bytes then
  -- A queue of a version that did not count bytes: `refresh` goes through its messages.
  counters.bytes = 0
  redis.pcall('HSET', settingsKey, 'bytes', 0, 'bytesCursor', 0)
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- A record is an array. Its score is the order of delivery: higher priority first, then the position, which is the number of its arrival
-- unless the queue has tenants. Records of earlier versions end after DESTINATION. FIRST is when it was first received, 0 before; SENDER
-- the id of an account; NUMBER is 0 when it is the position; SIZE are the bytes of the payload, as far as they are counted.
local SCORE, SENT, DUE, RECEIVES, LEASE, GROUP, ORIGIN, DESTINATION = 1, 2, 3, 4, 5, 6, 7, 8
local FIRST, SENDER, DEDUPE, TENANT, NUMBER, SIZE = 9, 10, 11, 12, 13, 14
local SPAN = 2 ^ 48 -- scores per priority; ten spans fit into a double without loss

-- The max number of messages that one kind of change affects in one command, so that no command blocks the server.
local STEP = 500
local MAX_UNTIL_DUE = 60 * 1000 -- no longer than the shortest retention, so that a new message need not move nextDue

local changed = false -- whether waiting receivers may find something new

-- Fails the command when a key has the wrong type, before it has changed anything.
local function checkTypes()
  redis.call('HLEN', recordsKey)
  redis.call('HLEN', payloadsKey)
  for i = 4, 11 do redis.call('ZCARD', KEYS[i]) end
  redis.call('HLEN', dedupeIdsKey)
  redis.call('ZCARD', dedupeTimesKey)
end

-- Something becomes due at this time.
local function dueBy(time)
  if time < nextDue then
    nextDue = time
    changes.nextDue = time
  end
end

local function scoreOf(priority, position)
  return (9 - priority) * SPAN + position
end

local function priorityOf(record)
  return 9 - math.floor(record[SCORE] / SPAN)
end

-- The number of a message's arrival.
local function numberOf(record)
  local number = record[NUMBER] or 0
  return number > 0 and number or record[SCORE] % SPAN
end

-- The position in its priority of a message that arrives with this number. Without tenants it is the number. With tenants it is a tag of
-- start-time fair queueing: one more than the later of the virtual time, which is the position of the message last received, and the
-- position of the last message of its tenant. So a tenant with few messages need not wait for all those of another. Positions are never
-- above the numbers, so a queue can begin with tenants, and it ends once no tenant has messages to come.
local function positionOf(tenant, number)
  if not virtualTime then
    if tenant == '' then return number end
    local first = redis.call('ZRANGE', readyKey, 0, 0, 'WITHSCORES')[2]
    virtualTime = first and first % SPAN - 1 or number - 1
    changes.virtualTime = virtualTime
    -- The messages before it belong to nobody.
    redis.call('ZADD', tenantsKey, number - 1, '')
  end
  local position = math.max(virtualTime, tonumber(redis.call('ZSCORE', tenantsKey, tenant)) or 0) + 1
  redis.call('ZADD', tenantsKey, position, tenant)
  return position
end

-- Moves the virtual time on to a position that was received.
local function advanceVirtualTime(position)
  if not virtualTime or position <= virtualTime then return end
  virtualTime = position
  changes.virtualTime = position
  redis.call('ZREMRANGEBYSCORE', tenantsKey, '-inf', position)
  if redis.call('EXISTS', tenantsKey) == 0 then
    virtualTime, changes.virtualTime = nil, nil
    redis.call('HDEL', settingsKey, 'virtualTime')
  end
end

local function readRecord(id)
  local packed = redis.call('HGET', recordsKey, id)
  return packed and cmsgpack.unpack(packed)
end

local function writeRecord(id, record)
  redis.call('HSET', recordsKey, id, cmsgpack.pack(record))
end

-- The first message of a group, in a .fifo queue the first that waits.
local function headOf(group)
  local first = redis.call('ZRANGEBYLEX', groupsKey, '[' .. group .. '\0', '(' .. group .. '\1', 'LIMIT', 0, 1)[1]
  return first and string.sub(first, #group + 18)
end

-- Whether a message of this group of a .fifo queue is in flight.
local function isInFlight(group)
  return redis.call('ZRANGEBYLEX', groupsKey, '[\0' .. group .. '\0', '(\0' .. group .. '\1', 'LIMIT', 0, 1)[1] ~= nil
end

local function groupMember(id, record)
  return record[GROUP] .. '\0' .. string.format('%016.0f', numberOf(record)) .. id
end

local function makeReady(id, record)
  redis.call('ZADD', readyKey, record[SCORE], id)
  changed = true
end

-- Makes the head of a group of a .fifo queue ready, unless a message of the group is in flight.
local function updateHead(group)
  local head = not isInFlight(group) and headOf(group)
  if head then makeReady(head, readRecord(head)) end
end

-- Makes a message available that is in no set of a state: delayed until it is due, then ready. In a .fifo queue it takes its place in its
-- group when it is due; elsewhere it must be the head of its group.
local function makeAvailable(id, record)
  if record[DUE] > now then
    redis.call('ZADD', delayedKey, record[DUE], id)
    dueBy(record[DUE])
    changed = true
  elseif isFifo and record[GROUP] ~= '' then
    local group, member, before = record[GROUP], groupMember(id, record), headOf(record[GROUP])
    redis.call('ZADD', groupsKey, 0, member)
    redis.call('ZREM', groupsKey, '\0' .. member)
    -- It may come before the one that is ready.
    if before and before ~= headOf(group) then redis.call('ZREM', readyKey, before) end
    updateHead(group)
  else
    makeReady(id, record)
  end
end

-- Makes a message available that is in no set but `records` and `payloads`.
local function enter(id, record)
  redis.call('ZADD', agesKey, math.max(now, record[DUE]), id)
  if isFifo or record[GROUP] == '' then return makeAvailable(id, record) end
  local head = headOf(record[GROUP])
  redis.call('ZADD', groupsKey, 0, groupMember(id, record))
  if not head then makeAvailable(id, record) end
end

-- Sets the size of a message, and the fields before it that a record of an earlier version lacks.
local function setSize(record, bytes)
  record[FIRST] = record[FIRST] or 0
  for field = SENDER, TENANT do record[field] = record[field] or '' end
  record[NUMBER] = record[NUMBER] or 0
  record[SIZE] = bytes
end

-- Adds a message that is not in the queue.
local function addMessage(id, record, payload)
  setSize(record, #payload)
  writeRecord(id, record)
  redis.call('HSET', payloadsKey, id, payload)
  addToCounter('bytes', #payload)
  enter(id, record)
end

-- Removes a message from its group. The next message of the group becomes available when it was the head, in a .fifo queue when it was
-- the last one in flight.
local function removeFromGroup(id, record)
  local group = record[GROUP]
  if group == '' then return end
  local member = groupMember(id, record)
  if isFifo then
    redis.call('ZREM', groupsKey, member, '\0' .. member)
    return updateHead(group)
  end
  local wasHead = headOf(group) == id
  redis.call('ZREM', groupsKey, member)
  local head = wasHead and headOf(group)
  if head then makeAvailable(head, readRecord(head)) end
end

-- Accepts the dedupeId of a message again that is kept until the message is gone.
local function releaseDedupeId(id, record)
  local dedupeId = record[DEDUPE] or ''
  if not dedupeUntilAcked or dedupeId == '' or redis.call('HGET', dedupeIdsKey, dedupeId) ~= id then return end
  redis.call('HDEL', dedupeIdsKey, dedupeId)
  redis.call('ZREM', dedupeTimesKey, dedupeId)
end

-- Deletes a message that is not in the outbox, whatever its state. The caller counts it.
local function deleteMessage(id, record)
  redis.call('HDEL', recordsKey, id)
  redis.call('HDEL', payloadsKey, id)
  for i = 4, 7 do redis.call('ZREM', KEYS[i], id) end
  redis.call('ZREM', deadKey, id)
  addToCounter('bytes', -(record[SIZE] or 0))
  releaseDedupeId(id, record)
  removeFromGroup(id, record)
end

-- Puts a message that is in no other set into the outbox, to be transferred to `destination`.
local function moveToOutbox(id, record, destination)
  record[LEASE] = ''
  record[DESTINATION] = destination
  writeRecord(id, record)
  redis.call('ZREM', agesKey, id)
  addToCounter('moves', 1)
  redis.call('ZADD', outboxKey, counters.moves, id)
  dueBy(now)
  releaseDedupeId(id, record)
  removeFromGroup(id, record)
end

-- Keeps a message that is in no other set as a dead letter of this queue.
local function makeDead(id, record)
  record[LEASE] = ''
  writeRecord(id, record)
  redis.call('ZREM', agesKey, id)
  redis.call('ZADD', deadKey, now, id)
  releaseDedupeId(id, record)
  removeFromGroup(id, record)
end

-- Makes a dead letter of this queue ready again. A message of a group goes to the end of its group, because a later one may be leased; in a
-- .fifo queue it takes its old place.
local function revive(id, record)
  redis.call('ZREM', deadKey, id)
  record[RECEIVES], record[DUE] = 0, now
  if record[GROUP] ~= '' and not isFifo then
    -- A number that is not that of a message that arrived.
    addToCounter('last', 1)
    redis.call('HINCRBY', settingsKey, 'lastBefore', 1)
    record[SCORE] = scoreOf(priorityOf(record), counters.last)
    if record[NUMBER] then record[NUMBER] = 0 end
  end
  writeRecord(id, record)
  enter(id, record)
end

-- Returns a message whose lease has ended: to this queue after `delay` ms, without one after the queue's back-off; after maxReceives
-- receives to the dead-letter queue, or to the dead letters of this one.
local function returnMessage(id, record, delay)
  if maxReceives and record[RECEIVES] >= maxReceives then
    if deadLetterQueue == '' then return makeDead(id, record) end
    return moveToOutbox(id, record, deadLetterQueue)
  end
  if not delay then
    local receives = record[RECEIVES]
    delay = receives < 2 and 0 or math.min(maxBackoffMs, backoffMs * 2 ^ math.min(receives - 2, 50))
  end
  record[LEASE] = ''
  record[DUE] = now + delay
  writeRecord(id, record)
  makeAvailable(id, record)
end

-- The time when something becomes due by itself, as far as the sets tell; math.huge when there is nothing.
local function firstDue()
  local function firstOf(key, ms)
    local score = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    return score and score + ms or math.huge
  end
  return math.min(firstOf(delayedKey, 0), firstOf(leasesKey, 0), firstOf(agesKey, retentionMs), firstOf(deadKey, retentionMs))
end

-- Applies what has become due: expiry, ends of delays, ends of leases. Returns the number of messages in the outbox, 0 when nothing was due.
-- With `always` it looks for something due even when nothing should be.
local function applyDue(always)
  local before = nextDue
  if now < before and not always then return 0 end
  checkTypes()
  for _, key in ipairs({ agesKey, deadKey }) do
    local old = redis.call('ZRANGEBYSCORE', key, '-inf', now - retentionMs, 'LIMIT', 0, STEP)
    addToCounter('expired', #old)
    for _, id in ipairs(old) do
      redis.call('ZREM', key, id)
      deleteMessage(id, readRecord(id))
    end
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayedKey, '-inf', now, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', delayedKey, id)
    makeAvailable(id, readRecord(id))
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leasesKey, '-inf', now, 'LIMIT', 0, STEP)) do
    redis.call('ZREM', leasesKey, id)
    returnMessage(id, readRecord(id))
  end
  local outgoing = redis.call('ZCARD', outboxKey)
  -- What is in the outbox is offered again after a second.
  nextDue = math.min(firstDue(), now + (outgoing > 0 and 1000 or MAX_UNTIL_DUE))
  changes.nextDue = nextDue
  if now < before and before <= nextDue then nextDue, changes.nextDue = before, nil end
  return outgoing
end

-- Writes the fields of the settings that have changed, and wakes waiting receivers in all processes when there may be something for them.
local function finish()
  local fields = {}
  for name, value in pairs(changes) do
    fields[#fields + 1], fields[#fields + 2] = name, string.format('%.0f', value)
  end
  if #fields > 0 then redis.call('HSET', settingsKey, unpack(fields)) end
  if changed and listenUntil > now then redis.call('PUBLISH', channel, '') end
end
