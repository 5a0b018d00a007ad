#!lua flags=allow-oom
-- Brings a queue up to the present and counts it.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    dedupeIds    hash  see send-12.lua
-- KEYS[11]    dedupeTimes  zset
-- ARGV[1]     the channel
-- ARGV[2]     how long a dedupeId is remembered, ms
--
-- Result: nil when there is no such queue; otherwise see parts/state.lua.

-- @include queue
-- @include state

settle()
announce()
-- Those of a version that let them stand go as well.
redis.call('PEXPIRE', KEYS[10], ARGV[2], 'NX')
redis.call('PEXPIRE', KEYS[11], ARGV[2], 'NX')
return state()
