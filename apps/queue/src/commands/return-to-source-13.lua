#!lua flags=allow-oom
-- Returns messages from the outbox to this queue that their destination has rejected. A message without a group gets its old position;
-- one with a group goes to the end of its group, because a later message of the group may be leased.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the incarnation of this queue when the messages were read
-- ARGV[4..]   two for each message: id, ticket
--
-- Result: nil when the queue does not exist; otherwise how many were returned.

-- @include queue

if (redis.call('HGET', settingsKey, 'incarnation') or '') ~= ARGV[3] then return 0 end
local returned = 0
for at = 4, #ARGV, 2 do
  local id = ARGV[at]
  if redis.call('ZSCORE', outboxKey, id) == ARGV[at + 1] then
    redis.call('ZREM', outboxKey, id)
    local record = readRecord(id)
    addToCounter('last', 1)
    if record[GROUP] ~= '' then
      record[SCORE] = scoreOf(priorityOf(record), counters.last)
      if record[NUMBER] then record[NUMBER] = 0 end
    end
    record[DESTINATION] = ''
    writeRecord(id, record)
    enter(id, record)
    returned = returned + 1
  end
end
addToCounter('movedIn', returned)
finish()
return returned
