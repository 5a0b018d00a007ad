#!lua
-- Sets and removes single fields of a queue's settings, and leaves the others as they are.
--
-- KEYS[1] settings  hash  see parts/queue.lua
-- ARGV[1] the caller, with the right 'manage'
-- ARGV[2] how many fields are removed
-- ARGV[3..] their names, then the fields that are set, each followed by its value
--
-- Result: nil when the queue does not exist, else 1; an error FORBIDDEN when the caller has no right to it.

-- @include rights

if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local owner, access = unpack(redis.call('HMGET', KEYS[1], 'owner', 'access'))
if not isAllowed(ARGV[1], owner, access) then return redis.error_reply('FORBIDDEN ' .. ARGV[1]) end
local removed = tonumber(ARGV[2])
redis.call('HDEL', KEYS[1], 'nextDue') -- Another retention changes when something expires.
if removed > 0 then redis.call('HDEL', KEYS[1], unpack(ARGV, 3, 2 + removed)) end
if #ARGV > 2 + removed then redis.call('HSET', KEYS[1], unpack(ARGV, 3 + removed)) end
return 1
