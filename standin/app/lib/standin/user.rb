# A user: whose address must have a mail server, who has a role, and who must confirm the address and be approved.

require "openssl"
require "securerandom"
require "standin/mail_address"

class User < Standin::Model
  self.table = "users"

  BYPASS = Standin.from?("4.4") ? :bypass_registration_checks : :bypass_invite_request_check
  attr_accessor :agreement, :external, BYPASS
  attr_reader :password

  def self.encrypt(password)
    salt = SecureRandom.bytes(16)
    key = OpenSSL::KDF.pbkdf2_hmac(password, salt: salt, iterations: 10_000, length: 32, hash: "SHA256")
    "pbkdf2$#{salt.unpack1("H*")}$#{key.unpack1("H*")}"
  end

  # Whether DNS is left alone: never in production, unless a script says so.
  def self.skip_mx_check? = false
  singleton_class.remove_method(:skip_mx_check?) unless Standin.from?("4.3")
  def self.ask_dns? = !(Standin.from?("4.3") && skip_mx_check?)

  def password=(password)
    @password = password
    self.encrypted_password = self.class.encrypt(password) unless password.nil?
  end

  def valid_password?(password)
    _, salt, key = encrypted_password.split("$").map { |part| [part].pack("H*") }
    OpenSSL::KDF.pbkdf2_hmac(password, salt: salt, iterations: 10_000, length: 32, hash: "SHA256") == key
  end

  def account = @account || (account_id && Account.find(account_id))

  def account=(account)
    @account = account
    self.account_id = account.id if account&.persisted?
  end

  # Whoever has no role has that of everyone.
  def role = role_id.nil? ? UserRole.everyone : UserRole.find(role_id)

  def role=(role)
    self.role_id = role.nil? || role.everyone? ? nil : role.id
  end

  def confirmed? = !confirmed_at.nil?
  def pending? = !approved?
  def functional? = confirmed? && approved? && !disabled?
  def disable! = update!(disabled: true)
  def enable! = update!(disabled: false)
  def skip_confirmation! = self.confirmed_at = Time.now
  def skip_confirmation_notification! = @skip_notification = true

  def approve!
    update!(approved: true) unless approved?
  end

  # A changed address counts from here on.
  def confirm
    changes = { confirmed_at: Time.now, confirmation_token: nil }
    changes.update(email: unconfirmed_email, unconfirmed_email: nil) if unconfirmed_email
    changes[:approved] = true if Setting.registrations_mode == "open"
    @confirming = true
    update!(changes)
  ensure
    @confirming = false
  end
  alias_method(Standin.from?("4.3") ? :mark_email_as_confirmed! : :confirm!, :confirm)

  private

  def check
    if !Standin::MailAddress.well_formed?(email)
      errors.add(:email, present?(email) ? :invalid : :blank)
    elsif changed?(:email)
      other = self.class.find_by(email: email)
      errors.add(:email, :taken) if other && other.id != id
      check_address unless @confirming
    end
    return unless new_record?

    errors.add(:password, :too_short) if password.to_s.length < 8 && !external
    errors.add(:agreement, :accepted) unless [true, "true", "1"].include?(agreement)
    account.errors.each { |error| errors.add(:"account.#{error.attribute}", error.type) } if account && account.new_record? && !account.valid?
  end

  def check_address
    found = Standin::MailAddress.problems(email, confirmed: confirmed?, dns: !external && self.class.ask_dns?)
    found.each { |type| errors.add(:email, type) }
  end

  # Also without validation: the account is saved with its user, and a new user waits unless registrations are open.
  def before_create
    account.save!(validate: false) if account&.new_record?
    self.account_id = account.id if account
    # From 4.3 on the mail servers may be among those whose users need approval, so DNS is asked here as well; the answer refuses nobody.
    Standin::MailAddress.servers(email.to_s.split("@", 2).last) if Standin.from?("4.3") && self.class.ask_dns?
    self.approved = Setting.registrations_mode == "open" || external == true
    return if confirmed?

    self.confirmation_token = SecureRandom.urlsafe_base64(15)
    self.confirmation_sent_at = Time.now
  end

  # The new address waits until it is confirmed.
  def before_update
    return if !changed?(:email) || @confirming || !confirmed?

    wanted = email
    self.email = self.class.find(id).email
    self.unconfirmed_email = wanted
    self.confirmation_token = SecureRandom.urlsafe_base64(15)
    @address_changed = true
  end

  def after_save(new)
    MailDeliveryJob.perform_async("confirmation_instructions", id) if (new && !confirmed? && !@skip_notification) || @address_changed
    @address_changed = false
  end
end
