#!lua flags=allow-oom
-- Gives leases that the caller holds a new end.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    run       text  see parts/run.lua
-- ARGV[1]     the channel
-- ARGV[2]     the run
-- ARGV[3]     how many ms from now the leases end; 0 ends them
-- ARGV[4..]   two for each message: id, lease
--
-- Result: nil when there is no such queue; otherwise { the new end,
-- then 1 for each lease that was changed, 0 where it is over or never was }.

-- @include queue
-- @include leased
-- @include run

local earlier = earlierRun()
if earlier then return earlier end

local leaseEnd = now + ARGV[3]
local results = {}
for i, id, record in leased(4) do
  results[i] = record and 1 or 0
  if record then
    redis.call('ZADD', leasesKey, leaseEnd, id)
    changed = true -- It may end earlier than waiting receivers expect.
  end
end
announce()
return rememberRun({ leaseEnd, unpack(results) })
