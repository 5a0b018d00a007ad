#!lua flags=allow-oom
-- Records what queues of an account may hold after something was taken back, except those to which more was allotted since.
--
-- KEYS[1] allowances  hash  see allot-1.lua
-- ARGV[1] the version of begin-reclaim-2.lua
-- ARGV[2..] three for each queue: its name, messages and bytes; '' for a queue that the account does not own any more
--
-- Result: nothing.

for at = 2, #ARGV, 3 do
  local queue = ARGV[at]
  local version = string.match(redis.call('HGET', KEYS[1], queue) or '', '^%d+')
  if tonumber(version or 0) < tonumber(ARGV[1]) then
    if ARGV[at + 1] == '' then
      redis.call('HDEL', KEYS[1], queue)
    else
      redis.call('HSET', KEYS[1], queue, ARGV[1] .. ':' .. ARGV[at + 1] .. ':' .. ARGV[at + 2])
    end
  end
end
