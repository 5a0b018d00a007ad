#!lua flags=allow-oom
-- Takes back what a queue may hold and does not.
--
-- KEYS[1] settings  hash  see allow-1.lua
-- KEYS[2] records   hash
-- ARGV[1] the owner
-- ARGV[2] a new version
--
-- Result: nil when it is not a queue of this owner; 0 when it knows something newer; otherwise { messages, bytes }: what it holds, and may.

local owner, version, bytes = unpack(redis.call('HMGET', KEYS[1], 'owner', 'allowedVersion', 'bytes'))
if owner ~= ARGV[1] then return false end
if tonumber(version or 0) > tonumber(ARGV[2]) then return 0 end
local messages = redis.call('HLEN', KEYS[2])
redis.call('HSET', KEYS[1], 'allowedVersion', ARGV[2], 'allowedMessages', messages, 'allowedBytes', bytes or 0)
return { messages, tonumber(bytes or 0) }
