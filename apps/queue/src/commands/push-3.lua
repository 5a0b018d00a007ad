#!lua
-- Adds messages to a simple queue, in order; one that does not fit is left out.
--
-- KEYS[1..3] see parts/simple.lua
-- ARGV[1..4] see parts/push.lua
-- ARGV[5]    for each entry '1' if its account is exempt from the limits of accounts, else '0', as one text
-- ARGV[6..]  the entries to add
--
-- Result: for each entry a digit, see parts/push.lua, as one text.

-- @include push

local RPUSH_ENTRIES = 1000 -- as many as fit on Lua's stack
local added, results = {}, {}
for at = 6, #ARGV do
  local result = admit(ARGV[at], string.byte(ARGV[5], at - 5) == 49)
  results[#results + 1] = result
  if result == '0' then added[#added + 1] = ARGV[at] end
end
for from = 1, #added, RPUSH_ENTRIES do
  redis.call('RPUSH', listKey, unpack(added, from, math.min(from + RPUSH_ENTRIES - 1, #added)))
end
if #added > 0 then noteSize() end
return table.concat(results)
