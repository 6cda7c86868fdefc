# The web process: what a request passes before the application sees it, in the real one's order.

require "rack"
require "standin/statuses"
require "standin/web/api"
require "standin/web/attack"
require "standin/web/files"
require "standin/web/front"

module Standin
  module Web
    def self.app
      Standin.log.info(SELF)
      Rack::Builder.app do
        use ServedBy
        use RequestLog
        use HostAuthorization
        use ForceSsl
        use Files
        use Failures
        use RemoteIp
        use Attack
        run Api.new
      end
    end
  end
end
