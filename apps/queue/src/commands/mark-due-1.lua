#!lua flags=allow-oom
-- Marks a queue as due after some time, unless it is due sooner already.
--
-- KEYS[1] due  zset  names of queues, by the time at which each must be inspected: ms of this server's clock
-- ARGV[1] in how many ms the queue is due
-- ARGV[2] its name
--
-- Result: nothing.

local clock = redis.call('TIME')
redis.call('ZADD', KEYS[1], 'LT', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[1], ARGV[2])
