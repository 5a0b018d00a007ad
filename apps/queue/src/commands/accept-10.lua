#!lua
-- Takes in messages that come from another queue, each move once. The limit of length does not count: a move never loses a message.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    arrivals  hash  see parts/arrivals.lua
-- ARGV[1]     the channel
-- ARGV[2]     the source
-- ARGV[3..]   seven for each message, by rising ticket: id, ticket, JSON text, time sent, priority, group or '', origin: the queues
--             that it died in on its way here, joined by '/', or ''
--
-- Result: nil when there is no such queue; otherwise the tickets that were refused while there was none: the source has to take
-- these back. All others are here, or were.

-- @include queue
-- @include arrivals

local arrivalsKey, source = KEYS[10], ARGV[2]
local highest, refused, isNew = readArrivals(arrivalsKey, source, tonumber(ARGV[4]))
local returned, before, came = {}, highest, 0
for at = 3, #ARGV, 7 do
  local id, ticket = ARGV[at], tonumber(ARGV[at + 1])
  if ticket > highest then
    highest = ticket
    -- One in this queue's own outbox has arrived where it went, since it comes from there: this queue may let go of it.
    local comesBack = redis.call('ZREM', outboxKey, id) == 1
    -- One that is here otherwise was brought by the version before, which remembered no moves.
    if comesBack or redis.call('HEXISTS', recordsKey, id) == 0 then
      local place = placeOf(ARGV[at + 4], redis.call('HINCRBY', settingsKey, 'last', 1))
      enter(id, { place, tonumber(ARGV[at + 3]), now, 0, '', ARGV[at + 5], ARGV[at + 6], '' }, ARGV[at + 2])
      came = came + 1
    end
  elseif refused[ticket] then
    returned[#returned + 1] = ARGV[at + 1]
  end
end
count('movedIn', came)
if highest > before then writeArrivals(arrivalsKey, source, highest, refused, isNew, now) end
announce()
return returned
