#!lua flags=allow-oom
-- Registers a queue and its dead-letter queue.
--
-- KEYS[1] names        zset  the names of all queues, all with score 0, hence in byte order
-- KEYS[2] deadLetters  hash  name -> its dead-letter queue, for queues that have one
-- ARGV[1] the name
-- ARGV[2] its dead-letter queue or ''
--
-- Result: 'ok', 'missing' when the dead-letter queue does not exist, or 'cycle' when dead letters would come back to this queue.

local name, deadLetterQueue = ARGV[1], ARGV[2]
if deadLetterQueue ~= '' then
  if deadLetterQueue ~= name and not redis.call('ZSCORE', KEYS[1], deadLetterQueue) then return 'missing' end
  local at = deadLetterQueue
  while at do
    if at == name then return 'cycle' end
    at = redis.call('HGET', KEYS[2], at)
  end
  redis.call('HSET', KEYS[2], name, deadLetterQueue)
else
  redis.call('HDEL', KEYS[2], name)
end
redis.call('ZADD', KEYS[1], 0, name)
return 'ok'
