#!lua flags=allow-oom
-- Lists a queue under its name and notes its dead-letter queue.
--
-- KEYS[1] names        zset  the name of every queue, all with score 0, so in the order of their bytes
-- KEYS[2] deadLetters  hash  name -> its dead-letter queue, for queues that have one
-- ARGV[1] the name
-- ARGV[2] its dead-letter queue or ''
--
-- Result: 'ok', 'missing' when there is no such dead-letter queue, or 'circle' when dead letters would come back to this queue.

local name, goal = ARGV[1], ARGV[2]
if goal ~= '' then
  if goal ~= name and not redis.call('ZSCORE', KEYS[1], goal) then return 'missing' end
  local at = goal
  while at do
    if at == name then return 'circle' end
    at = redis.call('HGET', KEYS[2], at)
  end
  redis.call('HSET', KEYS[2], name, goal)
else
  redis.call('HDEL', KEYS[2], name)
end
redis.call('ZADD', KEYS[1], 0, name)
return 'ok'
