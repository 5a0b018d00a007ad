-- Takes in messages that come from another queue. One that is here already is left as it is, so that a move which was cut off
-- can be made again. The limit of length does not count: a move never loses a message.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
-- ARGV[2..]   six for each message: id, JSON text, time sent, priority, group or '', source: the queue to which redrive sends it
--             back, or ''
--
-- Result: nil when there is no such queue; otherwise how many are new here.

-- @include queue

local new = 0
for at = 2, #ARGV, 6 do
  local id = ARGV[at]
  if redis.call('HEXISTS', recordsKey, id) == 0 then
    local place = placeOf(ARGV[at + 3], redis.call('HINCRBY', settingsKey, 'last', 1))
    enter(id, { place, tonumber(ARGV[at + 2]), now, 0, '', ARGV[at + 4], ARGV[at + 5], '' }, ARGV[at + 1])
    new = new + 1
  end
end
announce()
return new
