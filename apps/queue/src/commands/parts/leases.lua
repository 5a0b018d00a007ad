-- Iterates over the pairs of id and lease from ARGV[from] on: index, id, and the record when the caller holds the lease, else nil.
-- A lease whose end has passed is not held, even if nobody has received the message since. A pair that occurs twice is held once.
local function heldLeases(from)
  local ids = {}
  for at = from, #ARGV, 2 do ids[#ids + 1] = ARGV[at] end
  local packed = redis.call('HMGET', recordsKey, unpack(ids))
  local ends = redis.call('ZMSCORE', leasesKey, unpack(ids))
  local seen = {}
  return function(_, i)
    i = (i or 0) + 1
    local id, lease = ids[i], ARGV[from + 2 * i - 1]
    if not id then return nil end
    if seen[id] or not ends[i] or tonumber(ends[i]) <= now or lease == '' then return i, id, nil end
    local record = cmsgpack.unpack(packed[i])
    if record[LEASE] ~= lease then return i, id, nil end
    seen[id] = true
    return i, id, record
  end
end
