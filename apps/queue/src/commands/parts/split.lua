-- The parts of a text between its NULs.
local function split(text)
  local find, sub, parts, count, at = string.find, string.sub, {}, 0, 1
  while true do
    local stop = find(text, '\0', at, true)
    count = count + 1
    parts[count] = sub(text, at, (stop or 0) - 1)
    if not stop then return parts end
    at = stop + 1
  end
end
