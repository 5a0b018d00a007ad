#!lua flags=allow-oom
-- Creates a queue or replaces its settings.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- KEYS[2] arrivals  hash  see parts/arrivals.lua; may be left from a deleted queue of this name
-- ARGV[1] the incarnation for a new queue: a unique text
-- ARGV[2] the owner or '', as the registry has it
-- ARGV[3] the access for a new queue, see parts/rights.lua; '' for none
-- ARGV[4] the version of both
-- ARGV[5..] fields and values of the settings
--
-- Result: 1 when this command created the queue (also when it is a retry), else 0; -1 when the queue belongs to another owner: it is being
-- deleted, or its owner is changing.

if redis.call('EXISTS', KEYS[1]) == 0 then
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'createdAt', clock[1] * 1000 + math.floor(clock[2] / 1000), 'last', 0, 'moves', 0, 'lastBefore', 0, 'movesBefore', 0, 'bytes', 0,
    'incarnation', ARGV[1])
  if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'access', ARGV[3], 'accessVersion', ARGV[4]) end
  redis.call('PERSIST', KEYS[2])
elseif (redis.call('HGET', KEYS[1], 'owner') or '') ~= ARGV[2] then
  return -1
end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('HDEL', KEYS[1], 'nextDue') -- Another retention changes when something expires.
return redis.call('HGET', KEYS[1], 'incarnation') == ARGV[1] and 1 or 0
