#!lua
-- Starts a redrive as a task, unless one is running. A repeated call returns the task that the first one started.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    redrives  hash  see parts/tasks.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the id of the task
-- ARGV[4]     max messages to move, or ''
-- ARGV[5]     max messages a second, or ''
-- ARGV[6]     the destination, or '' for the queues that the messages came from
-- ARGV[7]     '1' when messages that were sent to this queue itself go to the destination too, else '0'
-- ARGV[8..]   the ids of the messages; none for all
--
-- Result: nil when the queue does not exist; otherwise the running task: see `describeTask`. Its id is another when one was running.

-- @include queue
-- @include tasks

local known = readTask(ARGV[3]) or runningTask()
if known then return describeTask(known) end

applyDue()
local task = newRedrive(ARGV[6], ARGV[7] == '1', #ARGV >= 8 and { unpack(ARGV, 8) } or nil)
task.id, task.state, task.max, task.perSecond = ARGV[3], 'running', tonumber(ARGV[4]), tonumber(ARGV[5])
task.moved, task.of = 0, math.min(sizeOfRedrive(task), task.max or math.huge)
task.account = string.match(ARGV[2], '%d+') or ''
task.began, task.nextAt, task.runner, task.runnerUntil = now, now, '', 0

local all = redis.call('HGETALL', redrivesKey)
if #all >= 2 * MAX_TASKS then
  local oldest
  for i = 2, #all, 2 do
    local one = cmsgpack.unpack(all[i])
    if not oldest or one.began < oldest.began then oldest = one end
  end
  redis.call('HDEL', redrivesKey, oldest.id)
end
writeTask(task)
redis.call('HSET', settingsKey, 'redrive', task.id)
finish()
return describeTask(task)
