#!lua flags=allow-oom
-- Lets go of messages that have arrived in another queue. The ticket makes sure that it is the same move: a message may have come
-- back and be on its way again.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] outbox    zset
-- KEYS[3] records   hash
-- KEYS[4] payloads  hash
-- ARGV[1] the incarnation of this queue that they were read from
-- ARGV[2..] two for each message: id, ticket
--
-- Result: of how many.

if (redis.call('HGET', KEYS[1], 'incarnation') or '') ~= ARGV[1] then return 0 end
local gone = 0
for at = 2, #ARGV, 2 do
  local id = ARGV[at]
  if redis.call('ZSCORE', KEYS[2], id) == ARGV[at + 1] then
    redis.call('ZREM', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
    redis.call('HDEL', KEYS[4], id)
    gone = gone + 1
  end
end
return gone
