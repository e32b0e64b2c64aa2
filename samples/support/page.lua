-- Answers with what the back end saw, one "NAME=value" a line, then each header field of the request as "header Name: value".
-- The client's port names the connection. /bytes/N answers N bytes instead. (mod_lua; docker/ uses it too.)
function handle(r)
  local count = r.uri:match("^/bytes/(%d+)$")
  if count then
    r.content_type = "application/octet-stream"
    local block = string.rep("x", 65536)
    local left = tonumber(count)
    while left > 0 do
      r:write(block:sub(1, math.min(left, #block)))
      left = left - #block
    end
    return apache2.OK
  end
  r.content_type = "text/plain"
  local body = r.method ~= "GET" and r.method ~= "HEAD" and r:requestbody() or nil
  r:puts("REMOTE_USER=", r.user or "", "\nMETHOD=", r.method, "\nHOST=", r.headers_in["Host"] or "",
         "\nURI=", r.unparsed_uri, "\nCONNECTION=", r:expr("%{REMOTE_PORT}") or "",
         "\nBODY=", body and #body or 0, "\n")
  local names = {}
  local fields = r:headers_in_table()
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do r:puts("header ", name, ": ", fields[name], "\n") end
  return apache2.OK
end
