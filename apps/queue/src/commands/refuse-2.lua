#!lua flags=allow-oom
-- Refuses messages that come from another queue, because there is no such queue. From then on they are refused even when there is one:
-- the source may take them back.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] arrivals  hash  see parts/arrivals.lua
-- ARGV[1] the source
-- ARGV[2..] tickets, rising
--
-- Result: nil when there is such a queue; otherwise the tickets that are refused. The others were accepted while there was one.

-- @include arrivals

if redis.call('EXISTS', KEYS[1]) == 1 then return false end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local highest, refused, isNew = readArrivals(KEYS[2], ARGV[1], tonumber(ARGV[2]))
local returned = {}
for at = 2, #ARGV do
  local ticket = tonumber(ARGV[at])
  if ticket > highest then
    highest = ticket
    refused[ticket] = true
  end
  if refused[ticket] then returned[#returned + 1] = ARGV[at] end
end
writeArrivals(KEYS[2], ARGV[1], highest, refused, isNew, now)
redis.call('PEXPIRE', KEYS[2], KEPT_MS)
return returned
