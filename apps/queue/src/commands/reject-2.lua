#!lua flags=allow-oom
-- Rejects messages from another queue, because this queue does not exist or the owner of the source may not send to it. They stay rejected
-- even if that changes afterwards, so that they can safely return to the source.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] arrivals  hash  see parts/arrivals.lua
-- ARGV[1] the caller, see accept-14.lua
-- ARGV[2] the source: its name and incarnation
-- ARGV[3..] tickets, ascending
--
-- Result: nil when the queue exists and may be sent to; otherwise the tickets that are rejected. The others were accepted before.

-- @include arrivals
-- @include rights

local owner, access = unpack(redis.call('HMGET', KEYS[1], 'owner', 'access'))
local exists = redis.call('EXISTS', KEYS[1]) == 1
if exists and isAllowed(ARGV[1], owner, access) then return false end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local highest, rejected, isNew = readArrivals(KEYS[2], ARGV[2], tonumber(ARGV[3]))
local returned = {}
for at = 3, #ARGV do
  local ticket = tonumber(ARGV[at])
  if ticket > highest then
    highest = ticket
    rejected[ticket] = true
  end
  if rejected[ticket] then returned[#returned + 1] = ARGV[at] end
end
writeArrivals(KEYS[2], ARGV[2], highest, rejected, isNew, now)
if not exists then redis.call('PEXPIRE', KEYS[2], KEPT_MS) end
return returned
