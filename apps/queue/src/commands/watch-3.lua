#!lua flags=allow-oom
-- Keeps a stream of messages open: for a while, the queue publishes which messages are settled. Reads how long the stream's leases last.
--
-- KEYS[1] settings  hash  see parts/core.lua; "streamsUntil": until then streams are open
-- KEYS[2] records   hash
-- KEYS[3] leases    zset
-- ARGV[1] the caller, see parts/rights.lua
-- ARGV[2] how long the stream stays open without another call, ms
-- ARGV[3..] two for each message that was sent: id, lease
--
-- Result: nil when the queue does not exist; an error FORBIDDEN when the caller may not receive; otherwise
-- { the visibilitySeconds of the queue, then for each message the ms until its lease ends, 0 when the lease is not held }.

-- @include rights

local visibilitySeconds, owner, access, streamsUntil =
  unpack(redis.call('HMGET', KEYS[1], 'visibilitySeconds', 'owner', 'access', 'streamsUntil'))
if not visibilitySeconds then return false end
if not isAllowed(ARGV[1], owner, access) then return redis.error_reply('FORBIDDEN ' .. ARGV[1]) end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if (tonumber(streamsUntil) or 0) < now + ARGV[2] / 2 then redis.call('HSET', KEYS[1], 'streamsUntil', now + ARGV[2]) end
local LEASE = 5 -- in a record, see parts/core.lua
local left = { tonumber(visibilitySeconds) }
for at = 3, #ARGV, 2 do
  local packed = redis.call('HGET', KEYS[2], ARGV[at])
  local held = packed and cmsgpack.unpack(packed)[LEASE] == ARGV[at + 1]
  local leaseEnd = held and redis.call('ZSCORE', KEYS[3], ARGV[at]) or 0
  left[#left + 1] = math.max(0, leaseEnd - now)
end
return left
