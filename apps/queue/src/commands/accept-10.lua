#!lua
-- Accepts messages from another queue, each transfer once. maxLength does not apply: a transfer never loses a message.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    arrivals  hash  see parts/arrivals.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the source: its name and incarnation
-- ARGV[4..]   seven for each message, by ascending ticket: id, ticket, JSON text, time sent, priority, group or '', origin: the
--             queues it was dead-lettered from, joined by '/', or ''
--
-- Result: nil when the queue does not exist; otherwise the tickets that were rejected while it did not exist: these messages must
-- return to the source. All others have been accepted, now or before.

-- @include queue
-- @include arrivals

local arrivalsKey, source = KEYS[10], ARGV[3]
local highest, rejected, isNew = readArrivals(arrivalsKey, source, tonumber(ARGV[5]))
local returned, before, accepted = {}, highest, 0
for at = 4, #ARGV, 7 do
  local id, ticket = ARGV[at], tonumber(ARGV[at + 1])
  if ticket > highest then
    highest = ticket
    -- A message in this queue's own outbox that comes back has reached its destination before: remove it from the outbox.
    local comesBack = redis.call('ZREM', outboxKey, id) == 1
    -- Any other message that is here already was transferred by an earlier version, which did not record transfers.
    if comesBack or redis.call('HEXISTS', recordsKey, id) == 0 then
      local score = scoreOf(ARGV[at + 4], redis.call('HINCRBY', settingsKey, 'last', 1))
      addMessage(id, { score, tonumber(ARGV[at + 3]), now, 0, '', ARGV[at + 5], ARGV[at + 6], '' }, ARGV[at + 2])
      accepted = accepted + 1
    end
  elseif rejected[ticket] then
    returned[#returned + 1] = ARGV[at + 1]
  end
end
addToCounter('movedIn', accepted)
if highest > before then writeArrivals(arrivalsKey, source, highest, rejected, isNew, now) end
notifyReceivers()
return returned
