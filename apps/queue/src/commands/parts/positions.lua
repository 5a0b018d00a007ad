-- The rank of the first member of a sorted set after a position, which is a score and a member, whether or not that member is still
-- there; 0 for the score ''. Members with the same score are in the order of their bytes, and there may be many of them.
local function rankAfter(key, score, member)
  if score == '' then return 0 end
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZRANGE', key, middle, middle)[1] <= member then low = middle + 1 else high = middle end
  end
  return low
end
