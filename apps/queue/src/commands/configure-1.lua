-- Makes a queue or changes its settings.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- ARGV    fields and values
--
-- Result: 1 when the queue is new, else 0.

local new = 1 - redis.call('EXISTS', KEYS[1])
if new == 1 then
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'createdAt', clock[1] * 1000 + math.floor(clock[2] / 1000), 'last', 0, 'moves', 0)
end
redis.call('HSET', KEYS[1], unpack(ARGV))
return new
