#!lua flags=allow-oom
-- Removes a queue with all that is in it, unless something is on its way from it to another queue.
--
-- KEYS[1..9]  see parts/queue.lua
-- KEYS[10]    dedupeIds    hash  see send-12.lua
-- KEYS[11]    dedupeTimes  zset
-- KEYS[12]    arrivals     hash  see parts/arrivals.lua; outlives the queue for a while, because a slow process may bring something
-- ARGV[1]     the channel
-- ARGV[2]     '1' when what is on its way goes too: the queue is broken, so that it cannot be read; else '0'
--
-- Result: 'gone', 'none' when there is no such queue, or 'moving'.

-- @include arrivals

if ARGV[2] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then return 'none' end
if ARGV[2] == '0' and redis.call('EXISTS', KEYS[9]) == 1 then return 'moving' end
redis.call('UNLINK', unpack(KEYS, 1, 11))
redis.call('PEXPIRE', KEYS[12], KEPT_MS)
redis.call('PUBLISH', ARGV[1], '')
return 'gone'
