#!lua
-- Adds messages to the queue of push and pop, the first ones that fit.
--
-- KEYS[1..2] see parts/simple.lua
-- ARGV[1]    how many messages there may be
-- ARGV[2]    how many bytes
-- ARGV[3..]  entries
--
-- Result: how many were added.

-- @include simple

local bytes = size()
local added = 0
for at = 3, #ARGV do
  local more = bytes + #ARGV[at]
  if length + added >= tonumber(ARGV[1]) or more > tonumber(ARGV[2]) then break end
  redis.call('RPUSH', listKey, ARGV[at])
  bytes, added = more, added + 1
end
if added > 0 then noteSize(length + added, bytes) end
return added
