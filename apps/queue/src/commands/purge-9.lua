#!lua flags=allow-oom
-- Removes every message, leased ones too. What dedupeIds stand for stays known.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
--
-- Result: nil when there is no such queue; otherwise how many messages there were.

-- @include queue

local length = redis.call('HLEN', recordsKey)
redis.call('UNLINK', unpack(KEYS, 2))
return length
