#!lua
-- Puts ready messages that came from another queue into the outbox, bound for the queue that they came from.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
-- ARGV[2]     the number of the last message that counts, or '' for the last one that is here now
-- ARGV[3]     after which place to look: '-inf', or what the last call told
-- ARGV[4]     at how many messages to look
-- ARGV[5..]   two for each queue of which it is known: its name, '1' when it exists, '0' when what came from it stays
--
-- Result: nil when there is no such queue; otherwise { the number of the last message that counts, how many are on their way, the place
-- to go on from or '' at the end, then queues of which it has to be known, whereupon this part is looked at again }.

-- @include queue

settle()
local last = ARGV[2] == '' and redis.call('HGET', settingsKey, 'last') or ARGV[2]
local exists = {}
for at = 5, #ARGV, 2 do exists[ARGV[at]] = ARGV[at + 1] end
local after = ARGV[3] == '-inf' and '-inf' or '(' .. ARGV[3]
local seen = redis.call('ZRANGEBYSCORE', readyKey, after, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local moved, unknown = 0, {}
for i = 1, #seen, 2 do
  local id = seen[i]
  local record = readRecord(id)
  local source = string.match(record[ORIGIN], '[^/]*$')
  if source ~= '' and record[PLACE] % SPAN <= tonumber(last) then
    if exists[source] == '1' then
      redis.call('ZREM', readyKey, id)
      sendOff(id, record, source)
      moved = moved + 1
    elseif not exists[source] then
      exists[source] = '0'
      unknown[#unknown + 1] = source
    end
  end
end
announce()
local next = #seen < 2 * ARGV[4] and '' or seen[#seen]
if #unknown > 0 then next = ARGV[3] end
return { last, moved, next, unpack(unknown) }
