#!lua
-- Moves ready messages that came from other queues to the outbox, to be transferred back to the queues they came from. The first call makes
-- dead letters of this queue ready again.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the number of the last message to consider, or '' for the last one in the queue now
-- ARGV[4]     the score to start after: '-inf', or the one that the last call returned
-- ARGV[5]     max messages to read
-- ARGV[6..]   two for each queue whose existence is known: its name, then '1' if it exists, '0' if its messages stay here
--
-- Result: nil when the queue does not exist; otherwise { the number of the last message to consider; how many were moved; the score to
-- continue after, or '' at the end; then the queues whose existence must be found out before the same call is repeated }.

-- @include queue

applyDue()
local moved, unknown = 0, {}
if ARGV[3] == '' then
  for _, id in ipairs(redis.call('ZRANGE', deadKey, 0, STEP - 1)) do
    revive(id, readRecord(id))
    moved = moved + 1
  end
end
local last = ARGV[3] == '' and string.format('%.0f', counters.last) or ARGV[3]
local exists = {}
for at = 6, #ARGV, 2 do exists[ARGV[at]] = ARGV[at + 1] end
local after = ARGV[4] == '-inf' and '-inf' or '(' .. ARGV[4]
local seen = redis.call('ZRANGEBYSCORE', readyKey, after, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[5])
for i = 1, #seen, 2 do
  local id = seen[i]
  local record = readRecord(id)
  local source = string.match(record[ORIGIN], '[^/]*$')
  if source ~= '' and numberOf(record) <= tonumber(last) then
    if exists[source] == '1' then
      redis.call('ZREM', readyKey, id)
      moveToOutbox(id, record, source)
      moved = moved + 1
    elseif not exists[source] then
      exists[source] = '0'
      unknown[#unknown + 1] = source
    end
  end
end
finish()
local next = #seen < 2 * ARGV[5] and '' or seen[#seen]
if #unknown > 0 then next = ARGV[4] end
return { last, moved, next, unpack(unknown) }
