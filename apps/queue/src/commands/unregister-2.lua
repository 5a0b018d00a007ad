#!lua flags=allow-oom
-- Removes a queue from the registry, unless it is the dead-letter queue of another.
--
-- KEYS[1] names        zset  see register-2.lua
-- KEYS[2] deadLetters  hash
-- ARGV[1] the name
--
-- Result: '' when it is not registered any more, otherwise the name of a queue whose dead letters go there.

local entries = redis.call('HGETALL', KEYS[2])
for i = 1, #entries, 2 do
  if entries[i + 1] == ARGV[1] then return entries[i] end
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return ''
