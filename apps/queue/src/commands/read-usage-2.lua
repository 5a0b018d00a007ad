#!lua flags=no-writes
-- Reads whose queue this is and what it holds.
--
-- KEYS[1] settings  hash  see parts/core.lua
-- KEYS[2] records   hash
--
-- Result: nil when the queue does not exist, otherwise { owner or '', messages, bytes, the version of its allowance }.

if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local owner, bytes, version = unpack(redis.call('HMGET', KEYS[1], 'owner', 'bytes', 'allowedVersion'))
return { owner or '', redis.call('HLEN', KEYS[2]), tonumber(bytes or 0), tonumber(version or 0) }
