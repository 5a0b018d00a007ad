-- Returns an attempt that succeeded to its budgets, and remembers that the login succeeded from this address.
-- KEYS, ARGV: as for take-4; ARGV 7: for how many ms this is remembered, 0: not at all
-- Returns 0.
for i = 1, 3 do
  if tonumber(ARGV[2 * i]) > 0 and redis.call('EXISTS', KEYS[i]) == 1 then
    redis.call('DECRBY', KEYS[i], ARGV[2 * i - 1])
  end
end
if tonumber(ARGV[7]) > 0 then redis.call('SET', KEYS[4], '1', 'PX', ARGV[7]) end
return 0
