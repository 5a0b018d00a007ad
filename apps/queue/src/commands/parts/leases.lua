-- Iterates over ids and leases, which alternate in `texts`: index, id, and the packed record when the caller holds the lease, else nil.
-- A lease whose end has passed is not held, even if nobody has received the message since. A pair that occurs twice is held once.
local function heldLeases(texts)
  local ids = {}
  for i = 1, #texts / 2 do ids[i] = texts[2 * i - 1] end
  local packed = redis.call('HMGET', recordsKey, unpack(ids))
  local ends = redis.call('ZMSCORE', leasesKey, unpack(ids))
  local seen = {}
  return function(_, i)
    i = (i or 0) + 1
    local id, lease = ids[i], texts[2 * i]
    if not id then return nil end
    if seen[id] or not ends[i] or tonumber(ends[i]) <= now or lease == '' then return i, id, nil end
    local _, _, _, _, _, held = cmsgpack.unpack_limit(packed[i], LEASE, 1)
    if held ~= lease then return i, id, nil end
    seen[id] = true
    return i, id, packed[i]
  end
end
