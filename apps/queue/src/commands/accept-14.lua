#!lua
-- Accepts messages from another queue, each transfer once. maxLength does not apply: a transfer never loses a message.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    arrivals  hash  see parts/arrivals.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller, with the right 'send': for dead letters the owner of the source, which may have lost it since; else ''
-- ARGV[3]     the source: its name and incarnation
-- ARGV[4..]   ten for each message, by ascending ticket: id, ticket, payload, time sent, priority, group or '', origin: the queues it
--             was dead-lettered from, joined by '/', or ''; sender, dedupeId, tenant, each maybe ''
--
-- Result: nil when the queue does not exist; otherwise the tickets that were rejected while it did not exist: these messages must
-- return to the source. All others have been accepted, now or before. 3 when nothing was accepted, because the queue needs room.

-- @include queue
-- @include arrivals
-- @include allowance

local arrivalsKey, source = KEYS[14], ARGV[3]
local highest, rejected, isNew = readArrivals(arrivalsKey, source, tonumber(ARGV[5]))
local coming, bytes = 0, 0
for at = 4, #ARGV, 10 do
  if tonumber(ARGV[at + 1]) > highest then coming, bytes = coming + 1, bytes + #ARGV[at + 2] end
end
if not hasRoom(coming, bytes, allowedMessages, allowedBytes) then return 3 end
local returned, before, accepted = {}, highest, 0
for at = 4, #ARGV, 10 do
  local id, ticket, payload, sent, priority, group, origin, sender, dedupeId, tenant = unpack(ARGV, at, at + 9)
  ticket = tonumber(ticket)
  if ticket > highest then
    highest = ticket
    -- A message in this queue's own outbox that comes back has reached its destination before: remove it from the outbox.
    local known = readRecord(id)
    local comesBack = redis.call('ZREM', outboxKey, id) == 1
    -- Any other message that is here already was transferred by an earlier version, which did not record transfers.
    if comesBack or not known then
      if comesBack then addToCounter('bytes', -(known[SIZE] or 0)) end
      addToCounter('last', 1)
      local number = counters.last
      local position = positionOf(tenant, number)
      addMessage(id, {
        scoreOf(priority, position), tonumber(sent), now, 0, '', group, origin, '',
        0, sender, dedupeId, tenant, position == number and 0 or number,
      }, payload)
      accepted = accepted + 1
    end
  elseif rejected[ticket] then
    returned[#returned + 1] = ARGV[at + 1]
  end
end
addToCounter('movedIn', accepted)
if highest > before then writeArrivals(arrivalsKey, source, highest, rejected, isNew, now) end
finish()
return returned
