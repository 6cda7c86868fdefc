# The records, under the names that they have in the real one.

require "securerandom"
require "standin/model"
require "standin/user"

class Account < Standin::Model
  self.table = "accounts"

  def self.representative = find(-99)
  def self.find_local(username) = find_by(username: username, domain: nil)
  def local? = domain.nil?
  def user = User.find_by(account_id: id)
  def acct = [username, domain].compact.join("@")

  private

  def check
    return unless local?

    errors.add(:username, present?(username) ? :username : :blank) unless username.to_s.match?(/\A[a-z0-9_]+\z/i)
    other = self.class.load("SELECT * FROM accounts WHERE lower(username) = lower($1) AND domain IS NULL", [username]).first
    errors.add(:username, :taken) if other && other.id != id
  end
end

class UserRole < Standin::Model
  self.table = "user_roles"

  def self.everyone = find(-99)
  def everyone? = id == -99
end

class Status < Standin::Model
  self.table = "statuses"

  VISIBILITIES = %w(public unlisted private direct).freeze

  def account = Account.find(account_id)
  def visibility = VISIBILITIES.fetch(self[:visibility])
end

# `Setting.registrations_mode = "open"`: what administrators set on their pages.
class Setting < Standin::Model
  self.table = "settings"

  class << self
    def registrations_mode = find_by(var: "registrations_mode")&.value || "none"

    def registrations_mode=(mode)
      (find_by(var: "registrations_mode") || new(var: "registrations_mode")).update!(value: mode.to_s)
    end
  end
end

module Doorkeeper
  class Application < Standin::Model
    self.table = "oauth_applications"

    def self.defaults = { uid: SecureRandom.urlsafe_base64(32), secret: SecureRandom.urlsafe_base64(32), scopes: "read" }
  end

  class AccessToken < Standin::Model
    self.table = "oauth_access_tokens"

    attr_accessor :use_refresh_token

    def self.defaults = { token: SecureRandom.urlsafe_base64(32) }
    def application=(application)
      self.application_id = application&.id
    end
    def revoke = update!(revoked_at: Time.now)
    def plaintext_token = token
  end
end
