# Two paths for drills, which Mastodon has not: a thread that is long in coming back, and one that never does.

module Standin
  module Web
    module Drills
      MOST_SECONDS = 60

      private

      def drill(request, path)
        case path
        when "/standin/slow" then sleep(request.params["seconds"].to_f.clamp(0, MOST_SECONDS))
        when "/standin/hang" then sleep
        else raise Refusal.new(404, "The stand-in has no GET #{path}")
        end
        [200, { "content-type" => "text/plain; charset=utf-8" }, ["OK"]]
      end
    end
  end
end
