# What a record says when it is not valid, and how Rails calls the failures.

module Standin
  # In the order in which they were found, with Mastodon's words.
  class Errors
    MESSAGES = {
      accepted: "must be accepted", blank: "can't be blank", blocked: "uses a disallowed e-mail provider", invalid: "is invalid",
      taken: "has already been taken", too_short: "is too short (minimum is 8 characters)", unreachable: "does not seem to exist",
      username: "must contain only letters, numbers and underscores",
    }.freeze
    One = Struct.new(:attribute, :type) do
      def message = MESSAGES.fetch(type)
      def full_message = "#{attribute.to_s.tr("._", " ").capitalize} #{message}"
    end
    include Enumerable

    def initialize = @all = []
    def add(attribute, type) = @all << One.new(attribute, type)
    def each(&block) = @all.each(&block)
    def empty? = @all.empty?
    def full_messages = map(&:full_message)

    # As the interface for applications has them.
    def details
      group_by { |one| one.attribute.to_s.delete_prefix("account.") }.transform_values do |found|
        found.map { |one| { error: "ERR_#{one.type.to_s.upcase}", description: one.message } }
      end
    end
  end
end

module ActiveRecord
  class RecordNotFound < StandardError; end
  class RecordNotUnique < StandardError; end

  class RecordInvalid < StandardError
    attr_reader :record

    def initialize(message, record = nil)
      super(message)
      @record = record
    end
  end
end

module ActiveModel
  class UnknownAttributeError < NoMethodError; end
end

module Standin
  RecordNotFound = ActiveRecord::RecordNotFound
  RecordInvalid = ActiveRecord::RecordInvalid
end
