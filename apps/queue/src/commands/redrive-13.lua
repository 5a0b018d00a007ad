#!lua
-- Moves messages out of a queue, a few at a time: see parts/redrive.lua.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the redrive, as the last call returned it; '' for a new one
-- ARGV[4]     max messages to move
-- ARGV[5]     the destination, or '' for the queues that the messages came from
-- ARGV[6]     '1' when messages that were sent to this queue itself go to the destination too, else '0'
-- ARGV[7]     how many ids follow; only these messages are moved, 0 for all
-- ARGV[8..]   the ids; then two for each queue that is known: its name, then '1' if messages may be sent to it, else '0'
--
-- Result: nil when the queue does not exist; otherwise { the redrive, '' when there is nothing more to move; how many were moved; messages
-- in the outbox; then the queues that must be known for the next call }.

-- @include queue
-- @include redrive

applyDue()
local idCount = tonumber(ARGV[7])
local exists = {}
for at = 8 + idCount, #ARGV, 2 do exists[ARGV[at]] = ARGV[at + 1] end
local redrive
if ARGV[3] == '' then
  redrive = newRedrive(ARGV[5], ARGV[6] == '1', idCount > 0 and { unpack(ARGV, 8, 7 + idCount) } or nil)
else
  redrive = cjson.decode(ARGV[3])
  redrive.last = tonumber(redrive.last)
end
local moved, ended, unknown = runRedrive(redrive, tonumber(ARGV[4]), exists)
finish()
-- JSON would round a number of 15 digits.
redrive.last = string.format('%.0f', redrive.last)
return { ended and '' or cjson.encode(redrive), moved, redis.call('ZCARD', outboxKey), unpack(unknown) }
