-- Who may do what with a queue. The settings of a queue have the fields "owner", the id of an account, or nothing for a queue of staff,
-- and "access", the rights of others: each with a space before and after it, as in ' send:everyone receive:17 manage:18 '. Without
-- "access", a queue of an account is open to its owner only, and a queue of staff to everyone, except that only staff manages it. Staff may
-- do everything.

local OPEN = ' send:everyone receive:everyone '

-- Whether a caller, '<right> <account id>' or '' for staff and for the app itself, has the right. The rights are send, receive, manage, and
-- read, which follows from each of the others.
local function isAllowed(caller, owner, access)
  if caller == '' then return true end
  local right, account = string.match(caller, '^(%a+) (%d+)$')
  if not right then return false end
  owner = owner or ''
  if owner == account then return true end
  access = access or (owner == '' and OPEN or '')
  local function has(one)
    return string.find(access, ' ' .. one .. ':everyone ', 1, true) or string.find(access, ' ' .. one .. ':' .. account .. ' ', 1, true)
  end
  if right == 'read' then return has('send') or has('receive') or has('manage') end
  return has(right)
end
