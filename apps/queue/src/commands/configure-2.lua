#!lua flags=allow-oom
-- Creates a queue or replaces its settings.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] arrivals  hash  see parts/arrivals.lua; may be left from a deleted queue of this name
-- ARGV[1] the incarnation for a new queue: a unique text
-- ARGV[2..] fields and values of the settings
--
-- Result: 1 when this command created the queue (also when it is a retry), else 0.

if redis.call('EXISTS', KEYS[1]) == 0 then
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'createdAt', clock[1] * 1000 + math.floor(clock[2] / 1000), 'last', 0, 'moves', 0, 'lastBefore', 0, 'movesBefore', 0,
    'incarnation', ARGV[1])
  redis.call('PERSIST', KEYS[2])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return redis.call('HGET', KEYS[1], 'incarnation') == ARGV[1] and 1 or 0
