#!lua flags=allow-oom
-- Applies what has become due in a queue and reads its state.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
--
-- Result: nil when the queue does not exist; otherwise see parts/state.lua.

-- @include queue
-- @include state

applyDue(true)

-- Counts the bytes of messages of a version that did not, some at a time. The cursor passes each of them; their records tell which are
-- counted.
local cursor = redis.call('HGET', settingsKey, 'bytesCursor')
if cursor then
  local next, entries = unpack(redis.call('HSCAN', recordsKey, cursor, 'COUNT', STEP))
  for i = 1, #entries, 2 do
    local record = cmsgpack.unpack(entries[i + 1])
    if not record[SIZE] then
      setSize(record, redis.call('HSTRLEN', payloadsKey, entries[i]))
      writeRecord(entries[i], record)
      addToCounter('bytes', record[SIZE])
    end
  end
  if next == '0' then redis.call('HDEL', settingsKey, 'bytesCursor') else redis.call('HSET', settingsKey, 'bytesCursor', next) end
end
finish()

if not dedupeUntilAcked then
  -- Earlier versions set no expiry.
  redis.call('PEXPIRE', dedupeIdsKey, dedupeMs, 'NX')
  redis.call('PEXPIRE', dedupeTimesKey, dedupeMs, 'NX')
end
return state()
