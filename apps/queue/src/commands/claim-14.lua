#!lua flags=allow-oom
-- Leases the first ready messages to one receiver. In a .fifo queue the messages of a group that wait behind a ready one are leased too.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    claim  text  what an earlier run of this claim leased: { lease, end of the leases, ids }
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the lease: the secret of this delivery; it is also the run id
-- ARGV[4]     max messages
-- ARGV[5]     length of the lease in ms, or '' for the queue's visibilitySeconds
-- ARGV[6]     max bytes of payload; the first message may have more
-- ARGV[7]     how long the receiver listens to the wake channel at least, ms; 0 when it does not wait
-- ARGV[8]     how long KEYS[14] is kept, ms
-- ARGV[9]     '1' when KEYS[14] belongs to an attempt: another claim with it gets the same messages under the same lease, as long as all
--             of them are still leased; their leases start again. Else '0': only a retry of this claim gets them.
--
-- Result: nil when the queue does not exist; otherwise
-- { ms until something may become due; messages still ready; messages in the outbox; the lease; end of the leases; heads; payloads },
-- the last two texts without anything when there is no message. A head is eleven lines: id, time sent, receives, priority, group or '',
-- origin, time of the first receive, sender or '', dedupeId or '', tenant or '', number. Between payloads is a NUL, which JSON has not. Two
-- texts are far cheaper, here and in the app, than a thousand elements.

-- @include core

local lease, max, leaseMs = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]) or visibilityMs
local outgoing, stillReady = applyDue(), 0
local heads, payloads = {}, {}

-- The text of a whole number. It costs as much as the rest of a message, and most numbers are those of the message before.
local texts = {}
local function textOf(number)
  local text = texts[number]
  if not text then
    text = string.format('%.0f', number)
    texts[number] = text
  end
  return text
end

local function append(id, record, payload)
  heads[#heads + 1] = id .. '\n' .. textOf(record[SENT]) .. '\n' .. textOf(record[RECEIVES]) .. '\n' .. textOf(priorityOf(record)) .. '\n'
    .. record[GROUP] .. '\n' .. record[ORIGIN] .. '\n' .. textOf(record[FIRST] or now) .. '\n' .. (record[SENDER] or '') .. '\n'
    .. (record[DEDUPE] or '') .. '\n' .. (record[TENANT] or '') .. '\n' .. string.format('%.0f', numberOf(record))
  payloads[#payloads + 1] = payload
end

local function result(heldLease, leaseEnd)
  finish()
  return { math.max(0, nextDue - now), stillReady, outgoing, heldLease, leaseEnd, table.concat(heads, '\n'), table.concat(payloads, '\0') }
end

-- What an earlier run leased, nil when there is nothing that this one may have.
local function earlierClaim()
  local packed = redis.call('GET', KEYS[14])
  local earlier = packed and cmsgpack.unpack(packed)
  -- A process uses the key for other commands as well: parts/reply.lua.
  if type(earlier) ~= 'table' or (earlier[1] ~= lease and ARGV[9] == '0') then return nil end
  local held = {}
  for _, id in ipairs(earlier[3]) do
    local record = readRecord(id)
    local leaseEnd = tonumber(redis.call('ZSCORE', leasesKey, id))
    if record and record[LEASE] == earlier[1] and leaseEnd and leaseEnd > now then held[#held + 1] = { id, record } end
  end
  if earlier[1] ~= lease and #held < #earlier[3] then return nil end
  for _, one in ipairs(held) do append(one[1], one[2], redis.call('HGET', payloadsKey, one[1])) end
  if earlier[1] == lease then return earlier end
  earlier[2] = now + leaseMs
  for _, id in ipairs(earlier[3]) do redis.call('ZADD', leasesKey, earlier[2], id) end
  dueBy(earlier[2])
  return earlier
end
local earlier = earlierClaim()
if earlier then return result(earlier[1], earlier[2]) end

-- A record from what `unpack_limit` returns, which is twice as fast as `unpack`.
local function recordOf(_, ...) return { ... } end

-- The first messages, and their records.
local function candidates()
  local ids = redis.call('ZRANGE', readyKey, 0, max - 1)
  if #ids == 0 then return ids, {} end
  local packed = redis.call('HMGET', recordsKey, unpack(ids))
  local records = {}
  for i = 1, #ids do records[i] = recordOf(cmsgpack.unpack_limit(packed[i], SIZE, 1)) end
  if not isFifo then return ids, records end
  local all, allRecords = {}, {}
  for i, head in ipairs(ids) do
    local group = records[i][GROUP]
    local members = group == '' and {} or
      redis.call('ZRANGEBYLEX', groupsKey, '[' .. group .. '\0', '(' .. group .. '\1', 'LIMIT', 0, max - #all)
    if #all < max and group == '' then all[#all + 1], allRecords[#all + 1] = head, records[i] end
    for _, member in ipairs(members) do
      local id = string.sub(member, #group + 18)
      all[#all + 1] = id
      allRecords[#all] = id == head and records[i] or readRecord(id)
    end
    if #all >= max then break end
  end
  return all, allRecords
end

local leaseEnd = now + leaseMs
local ids, records = candidates()
if #ids > 0 then
  local taken, packed, leases, members, flying, bytes, position = {}, {}, {}, {}, {}, 0, 0
  for i, id in ipairs(ids) do
    local record = records[i]
    bytes = bytes + (record[SIZE] or redis.call('HSTRLEN', payloadsKey, id))
    if i > 1 and bytes > tonumber(ARGV[6]) then break end
    record[RECEIVES] = record[RECEIVES] + 1
    if (record[FIRST] or 0) == 0 then record[FIRST] = now end
    record[LEASE] = lease
    taken[i] = id
    packed[#packed + 1], packed[#packed + 2] = id, cmsgpack.pack(record)
    leases[#leases + 1], leases[#leases + 2] = leaseEnd, id
    position = math.max(position, record[SCORE] % SPAN)
    if isFifo and record[GROUP] ~= '' then
      members[#members + 1] = groupMember(id, record)
      flying[#flying + 1], flying[#flying + 2] = 0, '\0' .. members[#members]
    end
  end
  local found = redis.call('HMGET', payloadsKey, unpack(taken))
  for i, id in ipairs(taken) do append(id, records[i], found[i]) end
  if virtualTime then redis.call('ZCARD', tenantsKey) end
  -- All keys but this one were read, so that nothing after the first write can fail.
  redis.call('ZADD', leasesKey, unpack(leases))
  redis.call('ZREM', readyKey, unpack(taken))
  redis.call('HSET', recordsKey, unpack(packed))
  if #members > 0 then
    redis.call('ZREM', groupsKey, unpack(members))
    redis.call('ZADD', groupsKey, unpack(flying))
  end
  advanceVirtualTime(position)
  addToCounter('received', #taken)
  dueBy(leaseEnd)
  redis.call('SET', KEYS[14], cmsgpack.pack({ lease, leaseEnd, taken }), 'PX', ARGV[8])
  if #taken >= max or #taken < #ids then stillReady = redis.call('ZCARD', readyKey) end
end
-- Also when this receiver waits no longer: others of its process do, who joined it since.
if ARGV[7] ~= '0' and listenUntil < now + ARGV[7] / 2 then changes.listenUntil = now + ARGV[7] end
return result(lease, leaseEnd)
