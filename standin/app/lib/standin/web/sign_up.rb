# How a stranger gets an account: an application registers, signs somebody up, and the address is confirmed from a mail.

module Standin
  module Web
    module SignUp
      private

      def register(request)
        given = parameters(request)
        missing = %w(client_name redirect_uris).find { |name| Environment.blank?(given[name].to_s) }
        raise Refusal.new(422, "Validation failed: #{missing} can't be blank") if missing

        uris = Array(given["redirect_uris"]).join("\n")
        app = Doorkeeper::Application.create!(name: given["client_name"], redirect_uri: uris, scopes: given["scopes"] || "read",
                                              website: given["website"])
        json({ id: app.id.to_s, name: app.name, website: app.website, redirect_uri: uris, client_id: app.uid, client_secret: app.secret })
      end

      def token(request)
        given = parameters(request)
        raise Refusal.new(400, "unsupported_grant_type") unless given["grant_type"] == "client_credentials"

        app = Doorkeeper::Application.find_by(uid: given["client_id"].to_s, secret: given["client_secret"].to_s)
        raise Refusal.new(401, "invalid_client") if app.nil?

        scopes = given["scope"].to_s.split
        scopes = %w(read) if scopes.empty?
        raise Refusal.new(400, "invalid_scope") unless (scopes - app.scopes.split).empty?

        json(shown(Doorkeeper::AccessToken.create!(application_id: app.id, scopes: scopes.join(" "))))
      end

      def sign_up(request)
        row = Token.checked(request, "write", "write:accounts")
        raise Refusal.new(403, "This action is not allowed") if Setting.registrations_mode == "none"

        given = parameters(request)
        Cost.spend(:sign_up)
        user = User.new(email: given["email"].to_s, password: given["password"].to_s, agreement: given["agreement"], locale: given["locale"],
                        created_by_application_id: row["application_id"], account: Account.new(username: given["username"].to_s))
        words = user.errors.full_messages.join(", ") unless user.save
        raise Refusal.new(422, "Validation failed: #{words}", details: user.errors.details) if words

        json(shown(Doorkeeper::AccessToken.create!(application_id: row["application_id"], resource_owner_id: user.id, scopes: row["scopes"])))
      end

      def shown(token)
        { access_token: token.token, token_type: "Bearer", scope: token.scopes, created_at: token.created_at.to_i }
      end

      def confirm(request)
        given = request.params["confirmation_token"].to_s
        user = Environment.blank?(given) ? nil : User.find_by(confirmation_token: given)
        return html("Confirmation token is invalid", "Perhaps it was used already.", 422) if user.nil?

        user.confirm
        [302, { "location" => "https://#{Environment.web_domain}/", "content-type" => "text/html; charset=utf-8" }, []]
      end
    end
  end
end
