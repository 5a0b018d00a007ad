-- Takes one attempt from several budgets, or none when one of them is empty (generic cell rate algorithm: each key holds the time
-- in ms at which its budget is full again).
-- KEYS: 1 the budget of the login from this address, 2 of the address, 3 of the login from anywhere, 4 exists when the login
--       has succeeded from this address before: 3 does not apply then
-- ARGV: for each budget after how many ms one attempt is added again, and how many there are; 0 attempts: no limit
-- Returns 0, or for how many ms there is no attempt left.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('EXISTS', KEYS[4]) == 1
local full = {}
local wait = 0
for i = 1, 3 do
  local each, attempts = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if attempts > 0 and not (i == 3 and known) then
    local kept = tonumber(redis.call('GET', KEYS[i]) or '0')
    -- A later time than that of an empty budget is from before the clock was set back.
    if kept > now + each * attempts then kept = 0 end
    full[i] = math.max(kept, now) + each
    wait = math.max(wait, full[i] - each * attempts - now)
  end
end
if wait > 0 then return wait end
for i = 1, 3 do
  if full[i] then redis.call('SET', KEYS[i], string.format('%.0f', full[i]), 'PX', string.format('%.0f', full[i] - now)) end
end
return 0
