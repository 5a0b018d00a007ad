-- Forgets messages that have arrived in another queue. The ticket makes sure that it is the same move: a message may have come
-- back and be on its way again.
--
-- KEYS[1] outbox    zset  see parts/queue.lua
-- KEYS[2] records   hash
-- KEYS[3] payloads  hash
-- ARGV    two for each message: id, ticket
--
-- Result: how many were forgotten.

local gone = 0
for at = 1, #ARGV, 2 do
  local id = ARGV[at]
  if redis.call('ZSCORE', KEYS[1], id) == ARGV[at + 1] then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
    gone = gone + 1
  end
end
return gone
