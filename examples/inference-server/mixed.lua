-- For wrk: two requests of 100 images, then one of 2000, which is over a budget of 1 MiB.
local image = string.rep("\0", 196)
local small = string.rep(image, 100)
local large = string.rep(image, 2000)
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"

function request()
  count = count + 1
  return wrk.format(nil, "/classify", nil, count % 3 == 0 and large or small)
end
