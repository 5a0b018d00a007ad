#!lua flags=allow-oom
-- Removes and returns the first messages of the simple queue.
--
-- KEYS[1..2] see parts/simple.lua
-- ARGV[1]    max messages
--
-- Result: the entries of the messages.

-- @include simple

local bytes = size()
local taken = redis.call('LPOP', listKey, ARGV[1]) or {}
for _, entry in ipairs(taken) do bytes = bytes - #entry end
if #taken > 0 then noteSize(length - #taken, bytes) end
return taken
