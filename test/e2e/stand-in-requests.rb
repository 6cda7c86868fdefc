# Runs in a process of the stand-in, by `rails runner`.

ENV["STANDIN_WORK_MS"] = "55"
require "json"
require "standin/web"
require "tmpdir"
require "socket"

# Counts what the drivers send.
module Counted
  CALLS = Hash.new(0)

  def call(command, config)
    CALLS[command.first] += 1
    super
  end

  def call_pipelined(commands, config)
    commands.each { |command| CALLS[command.first] += 1 unless command.first == "EXPIRE" }
    super
  end
end
RedisClient.register(Counted)

module Requests
  APP = Standin::Web.app
  OTHER = "10.250.0.1"

  module_function

  def ask(method, path, from: OTHER, token: nil, params: nil, **more)
    env = Rack::MockRequest.env_for("https://stand.example#{path}", method: method, params: params, **more)
    env["REMOTE_ADDR"] = from
    env["HTTP_HOST"] = "stand.example"
    env["HTTP_AUTHORIZATION"] = "Bearer #{token}" if token
    status, headers, body = APP.call(env)
    text = +""
    body.each { |part| text << part }
    [status, text, headers]
  end

  def json(...) = ask(...).then { |status, text, _| [status, JSON.parse(text)] }

  def token(scopes = "read write")
    user = User.find_by(email: "owner@stand.example")
    Doorkeeper::AccessToken.create!(resource_owner_id: user.id, scopes: scopes, expires_in: nil).token
  end

  # The first request fills the cache, the second is counted. The jobs of a post are no part of it: Sidekiq writes its commands small.
  def counted(*arguments, **more)
    ask(*arguments, **more)
    Counted::CALLS.clear
    status, = ask(*arguments, **more)
    { status: status, **Counted::CALLS.select { |name, _| name == name.upcase } }
  end

  def counts
    owner = token
    {
      "/@owner" => counted("GET", "/@owner"),
      "/explore" => counted("GET", "/explore"),
      "home" => counted("GET", "/api/v1/timelines/home", token: owner),
      "post" => counted("POST", "/api/v1/statuses", token: owner, params: { status: "counted" }),
      "/health of this machine" => counted("GET", "/health", from: "127.0.0.1"),
      "/health of others" => counted("GET", "/health"),
    }
  end

  def work
    clock = -> { Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :float_millisecond) }
    before = clock.call
    ask("GET", "/@owner")
    burnt = clock.call - before
    ENV["STANDIN_WAIT_MS"] = "600"
    worked, began = clock.call, Process.clock_gettime(Process::CLOCK_MONOTONIC)
    ask("GET", "/@owner")
    # In all its parts, and without a processor.
    waited = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began >= 0.65 && clock.call - worked < 150
    slow, = ask("GET", "/standin/slow?seconds=0.1")
    ENV.delete("STANDIN_WORK_MS")
    { burnt: burnt.between?(55, 150), waited: waited, slow: slow, withoutTheVariable: ask("GET", "/standin/slow?seconds=0.1").first }
  end

  def picture(width, height)
    chunk = ->(name, body) { [body.bytesize].pack("N") + name + body + [Zlib.crc32(name + body)].pack("N") }
    lines = Array.new(height) { |y| "\1".b + Array.new(width * 3) { |x| (x * y) & 255 }.pack("C*") }.join
    Standin::Png::SIGNATURE + chunk["IHDR", [width, height, 8, 2, 0, 0, 0].pack("NNC5")] + chunk["IDAT", Zlib.deflate(lines)] + chunk["IEND", ""]
  end

  def upload
    owner = token
    file = Tempfile.new(["a", ".png"]).tap { |one| one.binmode.write(picture(678, 452)) && one.flush }
    status, made = json("POST", "/api/v2/media", token: owner, params: { file: Rack::Multipart::UploadedFile.new(file.path, "image/png") })
    original, small = %w(url preview_url).map { |name| ask("GET", URI(made[name]).path)[1].b }
    post = { status: "a picture", media_ids: [made["id"]] }
    attached = json("POST", "/api/v1/statuses", token: owner, params: post)[1]["media_attachments"][0]["url"]
    plain = ->(url) { url.sub(%r{files/[\d/]+/original/\h+}, "files/ID/original/NAME") }
    width = ->(bytes) { bytes[16, 4].unpack1("N") }
    { status: status, type: made["type"], original: plain[URI(made["url"]).path], width: width[original], smallWidth: width[small],
      attached: plain[attached], twice: json("POST", "/api/v1/statuses", token: owner, params: post)[1]["error"] }
  end

  # What Sidekiq has to finish: on a machine that has the file, and on one that has not. The cluster's own Sidekiq must not be quicker.
  def elsewhere
    PostProcessMediaWorker.define_singleton_method(:perform_async) { |*| nil }
    owner = token
    file = Tempfile.new(["a", ".gif"]).tap { |one| one.write("GIF89a") && one.flush }
    status, made = json("POST", "/api/v2/media", token: owner, params: { file: Rack::Multipart::UploadedFile.new(file.path, "image/gif") })
    state = -> { ask("GET", "/api/v1/media/#{made["id"]}", token: owner).first }
    states = [state.call]
    ENV["PAPERCLIP_ROOT_PATH"] = Dir.mktmpdir
    failure = (PostProcessMediaWorker.new.perform(made["id"]) && nil rescue $!.class.name) # rubocop:disable Style/RescueModifier
    states << state.call
    ENV.delete("PAPERCLIP_ROOT_PATH")
    PostProcessMediaWorker.new.perform(made["id"])
    { status: status, states: [*states, state.call], withoutTheFile: failure }
  end

  # Takes one mail.
  def mail_server
    server = TCPServer.new("127.0.0.1", 0)
    ENV.update("SMTP_SERVER" => "127.0.0.1", "SMTP_PORT" => server.addr[1].to_s, "SMTP_AUTH_METHOD" => "none", "SMTP_ENABLE_STARTTLS" => "never")
    Thread.new do
      client = server.accept
      lines = []
      client.write("220 here\r\n")
      while (line = client.gets)
        lines << line
        data ||= line.start_with?("DATA")
        client.write(line.start_with?("DATA") ? "354 go on\r\n" : "250 yes\r\n") if !data || line.start_with?("DATA") || line == ".\r\n"
        data = false if line == ".\r\n"
        break if line.start_with?("QUIT")
      end
      lines.join
    end
  end

  def signUp # rubocop:disable Naming/MethodName
    ENV["EMAIL_DOMAIN_ALLOWLIST"] = "allowed.example"
    given = ->(email) { { username: "ann", email: email, password: "long enough", agreement: "true" } }
    _, app = json("POST", "/api/v1/apps", params: { client_name: "a", redirect_uris: "urn:a", scopes: "read write" })
    credentials = { grant_type: "client_credentials", scope: "read write" }.merge(app.slice("client_id", "client_secret"))
    token = json("POST", "/oauth/token", params: credentials)[1]["access_token"]
    closed, = ask("POST", "/api/v1/accounts", token: token, params: given["ann@allowed.example"])
    Setting.registrations_mode = "open"
    refused = json("POST", "/api/v1/accounts", token: token, params: given["ann@nothing.example"])[1]["details"]["email"].last["error"]
    status, = ask("POST", "/api/v1/accounts", token: token, params: given["ann@allowed.example"])
    user = User.find_by(email: "ann@allowed.example")
    before = user.functional?
    server = mail_server
    MailDeliveryJob.new.perform("confirmation_instructions", user.id)
    mail = server.value
    ask("GET", URI(mail[%r{https://stand.example/auth/confirmation\S+}]).request_uri)
    { closed: closed, noMailServer: refused, status: status, to: mail[/^To: (.*)\r$/, 1], functional: [before, user.reload.functional?] }
  ensure
    Setting.registrations_mode = "none"
  end
end
