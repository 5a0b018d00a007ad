#!lua flags=allow-oom
-- Rejects messages from another queue, because this queue does not exist. They stay rejected even if it is created afterwards, so that
-- they can safely return to the source.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] arrivals  hash  see parts/arrivals.lua
-- ARGV[1] the source: its name and incarnation
-- ARGV[2..] tickets, ascending
--
-- Result: nil when the queue exists; otherwise the tickets that are rejected. The others were accepted while it existed.

-- @include arrivals

if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local highest, rejected, isNew = readArrivals(KEYS[2], ARGV[1], tonumber(ARGV[2]))
local returned = {}
for at = 2, #ARGV do
  local ticket = tonumber(ARGV[at])
  if ticket > highest then
    highest = ticket
    rejected[ticket] = true
  end
  if rejected[ticket] then returned[#returned + 1] = ARGV[at] end
end
writeArrivals(KEYS[2], ARGV[1], highest, rejected, isNew, now)
redis.call('PEXPIRE', KEYS[2], KEPT_MS)
return returned
