-- Takes one request out of a key's minute, which begins with the first.
-- KEYS: 1 the requests that were counted in this minute
-- ARGV: 1 how long a minute is, in seconds
-- Returns how many were counted, and in how many ms the minute is over.
redis.call('SET', KEYS[1], 0, 'EX', ARGV[1], 'NX')
local count = redis.call('INCR', KEYS[1])
local ms = redis.call('PTTL', KEYS[1])
if ms == -1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  ms = 1000 * ARGV[1]
end
return {count, ms}
