#!lua flags=allow-oom
-- Gives messages back whose lease the caller holds.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    run       text  see parts/run.lua
-- ARGV[1]     the channel
-- ARGV[2]     the run
-- ARGV[3]     after how many ms they may be received again
-- ARGV[4]     '1' when they never reached their receiver: the receive is not counted; else '0'
-- ARGV[5..]   two for each message: id, lease
--
-- Result: nil when there is no such queue; otherwise { how many are in the outbox,
-- then 1 for each message that is given back, 0 where the lease is over or never was }.

-- @include queue
-- @include leased
-- @include run

local earlier = earlierRun()
if earlier then return earlier end

local delay = tonumber(ARGV[3])
local results = {}
for i, id, record in leased(5) do
  results[i] = record and 1 or 0
  if record then
    redis.call('ZREM', leasesKey, id)
    if ARGV[4] == '1' then record[RECEIVES] = record[RECEIVES] - 1 end
    giveBack(id, record, delay)
  end
end
announce()
return rememberRun({ redis.call('ZCARD', outboxKey), unpack(results) })
