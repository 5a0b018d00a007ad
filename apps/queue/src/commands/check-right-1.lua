#!lua flags=no-writes
-- Checks a right of an account, for what is done later or elsewhere, and reads the access.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- ARGV[1] the caller, see parts/rights.lua
--
-- Result: nil when the queue does not exist, else { owner, access }, each nil when it has none; an error FORBIDDEN when the caller has no right to it.

-- @include rights

if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local owner, access = unpack(redis.call('HMGET', KEYS[1], 'owner', 'access'))
if not isAllowed(ARGV[1], owner, access) then return redis.error_reply('FORBIDDEN ' .. ARGV[1]) end
return { owner, access }
