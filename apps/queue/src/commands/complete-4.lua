#!lua flags=allow-oom
-- Completes transfers: removes messages that the destination has accepted. The ticket identifies the transfer, because a message may
-- have come back and be in the outbox again.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] outbox    zset
-- KEYS[3] records   hash
-- KEYS[4] payloads  hash
-- ARGV[1] the incarnation of this queue when the messages were read
-- ARGV[2..] two for each message: id, ticket
--
-- Result: how many were removed.

if (redis.call('HGET', KEYS[1], 'incarnation') or '') ~= ARGV[1] then return 0 end
local removed, bytes = 0, 0
for at = 2, #ARGV, 2 do
  local id = ARGV[at]
  if redis.call('ZSCORE', KEYS[2], id) == ARGV[at + 1] then
    redis.call('ZREM', KEYS[2], id)
    bytes = bytes + (cmsgpack.unpack(redis.call('HGET', KEYS[3], id))[14] or 0)
    redis.call('HDEL', KEYS[3], id)
    redis.call('HDEL', KEYS[4], id)
    removed = removed + 1
  end
end
if bytes > 0 then redis.call('HINCRBY', KEYS[1], 'bytes', -bytes) end
return removed
