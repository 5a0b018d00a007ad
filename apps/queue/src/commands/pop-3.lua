#!lua flags=allow-oom
-- Removes and returns the first messages of a simple queue.
--
-- KEYS[1..3] see parts/simple.lua
-- ARGV[1]    max messages
--
-- Result: the entries of the messages.

-- @include simple

redis.call('HLEN', accountsKey) -- fails before anything is removed when the key has another type
local taken = redis.call('LPOP', listKey, ARGV[1]) or {}
for _, entry in ipairs(taken) do
  local account, size = parse(entry)
  count(account, size, -1)
end
if #taken > 0 then noteSize() end
return taken
