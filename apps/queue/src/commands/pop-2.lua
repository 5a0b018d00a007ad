#!lua flags=allow-oom
-- Takes the first messages of the queue of push and pop away.
--
-- KEYS[1..2] see parts/simple.lua
-- ARGV[1]    how many
--
-- Result: their entries.

-- @include simple

local bytes = size()
local taken = redis.call('LPOP', listKey, ARGV[1]) or {}
for _, entry in ipairs(taken) do bytes = bytes - #entry end
if #taken > 0 then noteSize(length - #taken, bytes) end
return taken
