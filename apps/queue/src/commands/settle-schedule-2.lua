#!lua flags=allow-oom
-- Sets when a schedule that was due is due next, and its state, unless it was changed meanwhile.
--
-- KEYS[1] due     zset  names of schedules by the time at which they are due, ms of this server's clock
-- KEYS[2] states  hash  name -> state, JSON text
-- ARGV[1] the name
-- ARGV[2] the time at which it was due, as it was read
-- ARGV[3] the time at which it is due next, or '' for never
-- ARGV[4] the state
--
-- Result: nothing.

if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return end
if ARGV[3] == '' then redis.call('ZREM', KEYS[1], ARGV[1]) else redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1]) end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
