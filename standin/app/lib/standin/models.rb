# The records, under the names that they have in the real one.

require "openssl"
require "securerandom"
require "standin/model"

class Account < Standin::Model
  self.table = "accounts"

  def self.representative = find(-99)
  def local? = domain.nil?
  def user = User.find_by(account_id: id)
  def acct = [username, domain].compact.join("@")
end

class UserRole < Standin::Model
  self.table = "user_roles"
end

class User < Standin::Model
  self.table = "users"

  def self.encrypt(password)
    salt = SecureRandom.bytes(16)
    key = OpenSSL::KDF.pbkdf2_hmac(password, salt: salt, iterations: 10_000, length: 32, hash: "SHA256")
    "pbkdf2$#{salt.unpack1("H*")}$#{key.unpack1("H*")}"
  end

  def account = Account.find(account_id)
  def role = role_id && UserRole.find(role_id)
  def confirmed? = !confirmed_at.nil?
end

class Status < Standin::Model
  self.table = "statuses"

  VISIBILITIES = %w(public unlisted private direct).freeze

  def account = Account.find(account_id)
  def visibility = VISIBILITIES.fetch(self[:visibility])
end

module Doorkeeper
  class Application < Standin::Model
    self.table = "oauth_applications"

    def self.defaults = { uid: SecureRandom.urlsafe_base64(32), secret: SecureRandom.urlsafe_base64(32), scopes: "read" }
  end

  class AccessToken < Standin::Model
    self.table = "oauth_access_tokens"

    def self.defaults = { token: SecureRandom.urlsafe_base64(32) }
    def revoke = update!(revoked_at: Time.now)
  end
end
