#!lua flags=allow-oom
-- Removes messages whose lease the caller holds.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    run       text  see parts/run.lua
-- ARGV[1]     the channel
-- ARGV[2]     the run
-- ARGV[3..]   two for each message: id, lease
--
-- Result: nil when there is no such queue; otherwise 1 for each message that is removed, 0 where the lease is over or never was.

-- @include queue
-- @include leased
-- @include run

local earlier = earlierRun()
if earlier then return earlier end

local results, ids, grouped = {}, {}, {}
for i, id, record in leased(3) do
  results[i] = record and 1 or 0
  if record then
    ids[#ids + 1] = id
    if record[GROUP] ~= '' then grouped[id] = record end
  end
end
if #ids > 0 then
  count('acked', #ids)
  redis.call('ZREM', leasesKey, unpack(ids))
  redis.call('ZREM', agesKey, unpack(ids))
  redis.call('HDEL', recordsKey, unpack(ids))
  redis.call('HDEL', payloadsKey, unpack(ids))
  for id, record in pairs(grouped) do leaveGroup(id, record) end
end
announce()
return rememberRun(results)
