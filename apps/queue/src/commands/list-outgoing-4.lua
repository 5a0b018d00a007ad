#!lua flags=no-writes
-- Reads messages in the outbox, by ascending ticket.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] outbox    zset
-- KEYS[3] records   hash
-- KEYS[4] payloads  hash
-- ARGV[1] the ticket to start after; 0 for the start
-- ARGV[2] max messages
-- ARGV[3] max bytes of payload; the first message may have more
--
-- Result: { the incarnation of this queue, '1' when there may be more else '', its owner or '', its dead-letter queue or '', then for each message: id, ticket, destination,
-- payload, time sent, priority, group or '', origin, sender or '', dedupeId or '', tenant or '' }.

local pairsOf = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local incarnation, owner, deadLetterQueue = unpack(redis.call('HMGET', KEYS[1], 'incarnation', 'owner', 'deadLetterQueue'))
local found, bytes = { incarnation or '', '', owner or '', deadLetterQueue or '' }, 0
if #pairsOf == 2 * ARGV[2] then found[2] = '1' end
for i = 1, #pairsOf, 2 do
  local id = pairsOf[i]
  local payload = redis.call('HGET', KEYS[4], id)
  bytes = bytes + #payload
  if i > 1 and bytes > tonumber(ARGV[3]) then
    found[2] = '1'
    break
  end
  local record = cmsgpack.unpack(redis.call('HGET', KEYS[3], id))
  -- A message that is redriven to another queue is no dead letter there: it arrives as if it came back from here.
  local destination, origin = record[8], record[7]
  if string.sub(destination, 1, 1) == '=' then
    destination = string.sub(destination, 2)
    origin = destination
  end
  local at = #found
  found[at + 1], found[at + 2], found[at + 3], found[at + 4] = id, pairsOf[i + 1], destination, payload
  found[at + 5], found[at + 6], found[at + 7], found[at + 8] = record[2], 9 - math.floor(record[1] / 2 ^ 48), record[6], origin
  found[at + 9], found[at + 10], found[at + 11] = record[10] or '', record[11] or '', record[12] or ''
end
return found
