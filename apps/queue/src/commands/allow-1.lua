#!lua flags=allow-oom
-- Lets a queue hold what was allotted to it, unless it knows something newer or has another owner.
--
-- KEYS[1] settings  hash  see parts/core.lua; the fields allowedMessages, allowedBytes, allowedVersion
-- ARGV[1] the owner
-- ARGV[2] the version of the allotment
-- ARGV[3..4] how many messages and bytes it may hold
--
-- Result: nothing.

local owner, version = unpack(redis.call('HMGET', KEYS[1], 'owner', 'allowedVersion'))
if owner ~= ARGV[1] or tonumber(version or 0) >= tonumber(ARGV[2]) then return end
redis.call('HSET', KEYS[1], 'allowedVersion', ARGV[2], 'allowedMessages', ARGV[3], 'allowedBytes', ARGV[4])
