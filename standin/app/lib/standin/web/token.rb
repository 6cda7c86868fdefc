# Who asks: the owner of a token, looked up once for a request.

module Standin
  module Web
    class Refusal < StandardError
      attr_reader :status, :more

      def initialize(status, message, more = {})
        super(message)
        @status = status
        @more = more
      end
    end

    module Token
      OWNER = <<~SQL.freeze
        SELECT tokens.id, tokens.resource_owner_id, tokens.application_id, tokens.scopes, tokens.expires_in, tokens.created_at,
               users.account_id, users.confirmed_at, users.approved, users.disabled
        FROM oauth_access_tokens AS tokens LEFT JOIN users ON users.id = tokens.resource_owner_id
        WHERE tokens.token = $1 AND tokens.revoked_at IS NULL
      SQL

      module_function

      # The row, or nothing without a token that counts.
      def of(request)
        request.env.fetch("standin.token") { request.env["standin.token"] = find(request) }
      end

      def find(request)
        token = request.get_header("HTTP_AUTHORIZATION").to_s[/\ABearer (.+)\z/i, 1] || (request.params["access_token"] if request.get?)
        row = token && Database.primary.one(OWNER, [token])
        row unless row.nil? || expired?(row)
      end

      def expired?(row) = !row["expires_in"].nil? && row["created_at"] + row["expires_in"] < Time.now

      # For one of these scopes, or refused.
      def checked(request, *scopes)
        row = of(request) or raise Refusal.new(401, "The access token is invalid")
        raise Refusal.new(403, "This action is outside the authorized scopes") if (row["scopes"].to_s.split & scopes).empty?

        row
      end

      def account(request, *scopes)
        row = checked(request, *scopes)
        raise Refusal.new(422, "This method requires an authenticated user") if row["account_id"].nil?
        raise Refusal.new(403, "Your login is missing a confirmed e-mail address") if row["confirmed_at"].nil?
        raise Refusal.new(403, "Your login is currently pending approval") unless row["approved"]
        raise Refusal.new(403, "Your login is currently disabled") if row["disabled"]

        Account.find(row["account_id"])
      end
    end
  end
end
