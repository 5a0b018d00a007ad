-- Takes one attempt out of several budgets, or none when one of them is empty (generic cell rate algorithm: each key holds the
-- time in ms at which its budget is full again).
-- KEYS: 1 the budget of the login from this address, 2 of the address, 3 of the login from anywhere, 4 set when the login
--       has succeeded from this address before: 3 does not count then
-- ARGV: for each budget how long one attempt takes to come back (ms) and how many there are; 0 attempts: it does not count
-- Answers 0, or for how many ms the budget that is emptiest stays empty.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('EXISTS', KEYS[4]) == 1
local full = {}
local wait = 0
for i = 1, 3 do
  local each, attempts = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if attempts > 0 and not (i == 3 and known) then
    local kept = tonumber(redis.call('GET', KEYS[i]) or '0')
    -- No budget is emptier than empty: such a time is of before the clock was set back.
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
