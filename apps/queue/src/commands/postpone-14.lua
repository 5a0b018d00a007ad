#!lua flags=allow-oom
-- Sets when one message can be received, later or sooner than now.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     the id of the message
-- ARGV[5]     in how many ms it can be received
--
-- Result: nil when the queue does not exist; otherwise { the state that prevents it: "missing", "leased", "dead" or "moving"; '' when
-- it was done }.

-- @include queue
-- @include reply

local earlier = storedReply()
if earlier then return earlier end

applyDue()
local id, delay = ARGV[4], tonumber(ARGV[5])
local record = readRecord(id)
local why = ''
if not record then
  why = 'missing'
elseif redis.call('ZSCORE', leasesKey, id) then
  why = 'leased'
elseif redis.call('ZSCORE', outboxKey, id) then
  why = 'moving'
elseif redis.call('ZSCORE', deadKey, id) then
  why = 'dead'
else
  record[DUE] = now + delay
  writeRecord(id, record)
  -- Retention counts from when it can be received.
  if delay > 0 or tonumber(redis.call('ZSCORE', agesKey, id)) > now then redis.call('ZADD', agesKey, record[DUE], id) end
  local wasReady, wasDelayed = redis.call('ZREM', readyKey, id) == 1, redis.call('ZREM', delayedKey, id) == 1
  if isFifo and record[GROUP] ~= '' and not wasDelayed then
    -- It no longer waits in its group.
    removeFromGroup(id, record)
    makeAvailable(id, record)
  elseif wasReady or wasDelayed then
    makeAvailable(id, record)
  end
end
finish()
return storeReply({ why })
