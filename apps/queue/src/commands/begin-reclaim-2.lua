#!lua flags=allow-oom
-- Begins to take back what the queues of an account may hold and do not, unless that has been done a moment ago.
--
-- KEYS[1] allowances  hash  see allot-1.lua
-- KEYS[2] reclaimed   text  exists for a while after
-- ARGV[1] how long, ms
-- ARGV[2] '1' to begin in any case, else '0'
--
-- Result: nil when it has been done, otherwise { a new version, then the queues that have something }.

if not redis.call('SET', KEYS[2], '1', 'PX', ARGV[1], 'NX') and ARGV[2] == '0' then return false end
local found = { redis.call('HINCRBY', KEYS[1], '', 1) }
for _, queue in ipairs(redis.call('HKEYS', KEYS[1])) do
  if queue ~= '' then found[#found + 1] = queue end
end
return found
