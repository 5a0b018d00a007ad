-- Puts ready messages that came from another queue into the outbox, bound for the queue that they came from.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
-- ARGV[2]     after which place to look: '-inf', or what the last call told
-- ARGV[3]     at how many messages to look
-- ARGV[4..]   queues that do not exist: what came from them stays
--
-- Result: nil when there is no such queue; otherwise { how many are on their way, the place to go on from, '' at the end }.

-- @include queue

settle()
local missing = {}
for at = 4, #ARGV do missing[ARGV[at]] = true end
local after = ARGV[2] == '-inf' and '-inf' or '(' .. ARGV[2]
local seen = redis.call('ZRANGEBYSCORE', readyKey, after, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local moved = 0
for i = 1, #seen, 2 do
  local id = seen[i]
  local record = readRecord(id)
  if record[SOURCE] ~= '' and not missing[record[SOURCE]] then
    redis.call('ZREM', readyKey, id)
    sendOff(id, record, record[SOURCE])
    moved = moved + 1
  end
end
announce()
return { moved, #seen < 2 * ARGV[3] and '' or seen[#seen] }
