#!lua flags=allow-oom
-- Applies what has become due in a queue and reads its state.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    dedupeIds    hash  see send-12.lua
-- KEYS[11]    dedupeTimes  zset
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     how long a dedupeId is kept, ms
--
-- Result: nil when the queue does not exist; otherwise see parts/state.lua.

-- @include queue
-- @include state

applyDue()
notifyReceivers()
-- Earlier versions set no expiry.
redis.call('PEXPIRE', KEYS[10], ARGV[3], 'NX')
redis.call('PEXPIRE', KEYS[11], ARGV[3], 'NX')
return state()
