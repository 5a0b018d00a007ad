-- Reads the oldest messages that are on their way to another queue.
--
-- KEYS[1] outbox    zset  see parts/queue.lua
-- KEYS[2] records   hash
-- KEYS[3] payloads  hash
-- ARGV[1] at most how many
--
-- Result: for each message: id, ticket, goal, JSON text, time sent, priority, group or '', source or ''.

local pairsOf = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
local found = {}
for i = 1, #pairsOf, 2 do
  local id = pairsOf[i]
  local record = cmsgpack.unpack(redis.call('HGET', KEYS[2], id))
  local at = #found
  found[at + 1], found[at + 2], found[at + 3] = id, pairsOf[i + 1], record[8]
  found[at + 4], found[at + 5] = redis.call('HGET', KEYS[3], id), record[2]
  found[at + 6], found[at + 7], found[at + 8] = 9 - math.floor(record[1] / 2 ^ 48), record[6], record[7]
end
return found
