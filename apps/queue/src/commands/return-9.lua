#!lua flags=allow-oom
-- Takes messages back that their destination has refused. One without a group takes its old place; one of a group goes to the group's
-- end, because a later one of its group may be leased.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
-- ARGV[2]     the incarnation of this queue that they were read from
-- ARGV[3..]   two for each message: id, ticket
--
-- Result: nil when there is no such queue; otherwise how many were taken back.

-- @include queue

if (redis.call('HGET', settingsKey, 'incarnation') or '') ~= ARGV[2] then return 0 end
local back = 0
for at = 3, #ARGV, 2 do
  local id = ARGV[at]
  if redis.call('ZSCORE', outboxKey, id) == ARGV[at + 1] then
    redis.call('ZREM', outboxKey, id)
    local record = readRecord(id)
    local number = redis.call('HINCRBY', settingsKey, 'last', 1)
    if record[GROUP] ~= '' then record[PLACE] = placeOf(priorityOf(record), number) end
    record[DESTINATION] = ''
    enter(id, record, redis.call('HGET', payloadsKey, id))
    back = back + 1
  end
end
count('movedIn', back)
announce()
return back
