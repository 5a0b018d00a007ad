#!lua flags=allow-oom
-- Gives messages back whose lease the caller holds.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
-- ARGV[2]     after how many ms they may be received again
-- ARGV[3]     '1' when they never reached their receiver: the receive is not counted; else '0'
-- ARGV[4..]   two for each message: id, lease
--
-- Result: nil when there is no such queue; otherwise { how many are in the outbox,
-- then 1 for each message that is given back, 0 where the lease is over or never was }.

-- @include queue
-- @include leased

local delay = tonumber(ARGV[2])
local results = {}
for i, id, record in leased(4) do
  results[i] = record and 1 or 0
  if record then
    redis.call('ZREM', leasesKey, id)
    if ARGV[3] == '1' then record[RECEIVES] = record[RECEIVES] - 1 end
    giveBack(id, record, delay)
  end
end
announce()
return { redis.call('ZCARD', outboxKey), unpack(results) }
