-- Moves messages out of their queue: dead letters of this queue become ready again, those of other queues return to the queue they came
-- from; all of them go to another queue when the redrive has a destination.
--
-- A redrive is a table. What it selects: `to`, the destination or ''; `all`, with a destination, also messages that were sent to this queue
-- itself; `ids`, only these messages, else all that are ready or dead; `last`, the number of the last message and `startedAt`, the time of
-- the last death to consider. How far it is: `set`, `score`, `member`, the position in the sets, or `set` the next of the ids; `passed`, how
-- many it moved since it began to go through the sets.

-- @include positions

local MAX_LOOKS = 500 -- messages that one command looks at
local redriveSets = { deadKey, readyKey }

local function newRedrive(to, all, ids)
  return {
    to = to, all = all, ids = ids, last = counters.last, startedAt = now, set = 1, score = '', member = '', passed = 0,
  }
end

-- How many messages it may move, more or less.
local function sizeOfRedrive(redrive)
  if redrive.ids then return #redrive.ids end
  return redis.call('HLEN', recordsKey) - redis.call('ZCARD', delayedKey) - redis.call('ZCARD', leasesKey) - redis.call('ZCARD', outboxKey)
end

-- Moves one message, if the redrive selects it. `exists` has '1' for each queue that messages may be sent to, '0' for others that are known.
-- Returns whether it was moved; and the name of a queue that must be known first.
local function redriveMessage(redrive, id, record, exists)
  local isDead = redis.call('ZSCORE', deadKey, id) ~= false
  local hasDestination = redrive.to ~= ''
  local destination = hasDestination and redrive.to or string.match(record[ORIGIN], '[^/]*$')
  if not isDead and record[ORIGIN] == '' and not (hasDestination and (redrive.all or redrive.ids)) then return false end
  local known = destination == '' and '0' or exists[destination]
  if not known or known == '?' then return false, not known and destination end
  if known == '1' then
    for _, key in ipairs({ readyKey, delayedKey, deadKey }) do redis.call('ZREM', key, id) end
    -- A message for a destination is no dead letter there: see list-outgoing.
    moveToOutbox(id, record, hasDestination and '=' .. destination or destination)
    return true
  end
  if not isDead or hasDestination then return false end
  revive(id, record)
  return true
end

-- Moves up to `max` messages. Returns how many were moved, whether that was all of them, and the queues that must be known before
-- the redrive can go on.
local function runRedrive(redrive, max, exists)
  local start = { redrive.set, redrive.score, redrive.member }
  local moved, looks, unknown, ended = 0, 0, {}, false
  local function look(id)
    looks = looks + 1
    local record = readRecord(id)
    if not record or redis.call('ZSCORE', leasesKey, id) or redis.call('ZSCORE', outboxKey, id) then return end
    if not redrive.ids and numberOf(record) > redrive.last then return end
    local done, name = redriveMessage(redrive, id, record, exists)
    if done then moved = moved + 1 end
    if name then
      exists[name] = '?'
      unknown[#unknown + 1] = name
    end
  end
  while redrive.ids and not ended and moved < max do
    local id = redrive.ids[redrive.set]
    ended = not id
    if id then look(id) end
    redrive.set = redrive.set + 1
  end
  while not redrive.ids and not ended and moved < max and looks < MAX_LOOKS do
    local key = redriveSets[redrive.set]
    local first = rankAfter(key, redrive.score, redrive.member)
    local found = redis.call('ZRANGE', key, first, first + math.min(max - moved, MAX_LOOKS - looks) - 1, 'WITHSCORES')
    local isEnd = #found == 0
    for i = 1, #found, 2 do
      isEnd = isEnd or (key == deadKey and tonumber(found[i + 1]) > redrive.startedAt)
      if not isEnd then
        look(found[i])
        redrive.member, redrive.score = found[i], found[i + 1]
      end
    end
    if isEnd then
      redrive.set, redrive.score, redrive.member = redrive.set + 1, '', ''
      if redrive.set > #redriveSets then
        -- A message that was moved may have made the next of its group ready, at a position already passed.
        ended = redrive.passed + moved == 0
        redrive.set, redrive.passed = 1, -moved
        if not ended then break end
      end
    end
  end
  if #unknown > 0 then redrive.set, redrive.score, redrive.member = unpack(start) end
  redrive.passed = redrive.passed + moved
  return moved, ended and #unknown == 0, unknown
end
