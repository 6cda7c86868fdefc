// Ruby for `rails runner`, from Ruby 2.7 and Mastodon 4.1 on: `account!("ada", "ada@social.example", "a password", role)` makes an account that
// works at once.

/**
 * `tootctl accounts create` asks DNS for the mail exchanger of the address, and refuses one that has none. Here nobody asks: as an account that
 * comes from a directory (`external`) it is taken as it is, confirmed and approved. All other rules of Mastodon hold, for the name among them.
 * No mail is sent.
 */
export const ACCOUNT = `def User.skip_mx_check?
  true
end
def account!(name, email, password, role = nil)
  user = User.new(email: email, password: password, agreement: true, external: true, confirmed_at: Time.now.utc,
                  role_id: role&.id, account: Account.new(username: name))
  user.bypass_registration_checks = true if user.respond_to?(:bypass_registration_checks=)
  user.save!
  user.approve! unless user.approved?
  user
end
`;
