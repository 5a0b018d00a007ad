#!lua
-- Adds messages to the simple queue, in order, until one does not fit.
--
-- KEYS[1..2] see parts/simple.lua
-- ARGV[1]    max messages in the queue
-- ARGV[2]    max bytes in the queue
-- ARGV[3..]  the entries to add
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
