#!lua flags=allow-oom
-- Makes a queue or changes its settings.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] arrivals  hash  see parts/arrivals.lua; outlives the queue for a while
-- ARGV[1] the incarnation, if the queue is new: a text that no other queue has or had
-- ARGV[2..] fields and values
--
-- Result: 1 when the queue is new, made by this same command, else 0.

if redis.call('EXISTS', KEYS[1]) == 0 then
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'createdAt', clock[1] * 1000 + math.floor(clock[2] / 1000), 'last', 0, 'moves', 0, 'lastBefore', 0, 'movesBefore', 0,
    'incarnation', ARGV[1])
  redis.call('PERSIST', KEYS[2])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('HGET', KEYS[1], 'incarnation') == ARGV[1] and 1 or 0
