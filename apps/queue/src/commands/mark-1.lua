#!lua flags=allow-oom
-- Notes that a queue has to be looked at after a while, or sooner when that was noted before.
--
-- KEYS[1] due  zset  the names of queues by the time, ms of this server's clock, at which each has to be looked at
-- ARGV[1] after how many ms
-- ARGV[2] the name
--
-- Result: nothing.

local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'LT', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[1], ARGV[2])
