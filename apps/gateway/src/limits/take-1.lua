-- Counts one request of a key; its minute begins with the first request.
-- KEYS: 1 the number of requests in this minute
-- ARGV: 1 the length of a minute, in seconds
-- Returns the number of requests, and the remaining time in ms.
redis.call('SET', KEYS[1], 0, 'EX', ARGV[1], 'NX')
local count = redis.call('INCR', KEYS[1])
local ms = redis.call('PTTL', KEYS[1])
if ms == -1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  ms = 1000 * ARGV[1]
end
return {count, ms}
