#!lua flags=allow-oom
-- Sets a new end for leases that the caller holds.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     the new end of the leases, in ms from now; 0 ends them
-- ARGV[5..]   two for each message: id, lease
--
-- Result: nil when the queue does not exist; otherwise
-- { the new end, then for each message 1 when its lease was changed, 0 when the lease is not held }.

-- @include core
-- @include leases
-- @include reply

local earlier = storedReply()
if earlier then return earlier end

local leaseEnd = now + ARGV[4]
local results = {}
for i, id, held in heldLeases({ unpack(ARGV, 5) }) do
  results[i] = held and 1 or 0
  if held then
    redis.call('ZADD', leasesKey, leaseEnd, id) -- The records and the leases were read, so nothing else can fail.
    dueBy(leaseEnd)
    changed = true -- The lease may end earlier than waiting receivers expect.
  end
end
finish()
return storeReply({ leaseEnd, unpack(results) })
