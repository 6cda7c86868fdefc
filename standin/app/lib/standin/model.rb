# Just enough of a record to write `User.find_by(email: …)` or `Account.new(…).save!` on a console. What the real one does not know
# fails here too: an unknown attribute, an unknown method.

require "standin/errors"
require "standin/relation"

module Standin
  class Model
    class << self
      attr_accessor :table

      %i(where limit order first last exists? count pluck to_a each find_each delete_all).each do |name|
        define_method(name) { |*args, **options, &block| all.public_send(name, *args, **options, &block) }
      end

      def all = Relation.new(self)
      def find_by(conditions) = where(conditions).first
      def find_by!(conditions) = find_by(conditions) || raise(RecordNotFound, "Couldn't find #{name} with #{conditions}")
      def find(id) = find_by!(id: id)
      def load(sql, values = []) = Database.primary.query(sql, values).map { |row| instantiate(row) }
      def instantiate(row) = allocate.tap { |record| record.send(:take, row) }
      def create!(attributes = {}) = new(attributes).tap(&:save!)
      def create(attributes = {}) = new(attributes).tap(&:save)
      def find_or_create_by!(conditions) = find_by(conditions) || create!(conditions)
      def transaction(&block) = Database.primary.transaction(&block)
      def defaults = {}

      def columns
        @columns ||= Database.primary.query(<<~SQL, [table]).map { |row| row["name"] }
          SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped
        SQL
      end
    end

    attr_reader :attributes

    def initialize(attributes = {})
      @attributes = {}
      @changed = []
      @new_record = true
      assign_attributes(self.class.defaults.merge(attributes.transform_keys(&:to_sym)))
    end

    def [](name) = @attributes[name.to_s]
    def id = self[:id]
    def new_record? = @new_record
    def persisted? = !@new_record
    def errors = @errors ||= Errors.new
    def reload = tap { take(self.class.find(id).attributes) }
    def destroy = self.class.where(id: id).delete_all
    def inspect = "#<#{self.class.name} #{@attributes.map { |name, value| "#{name}: #{value.inspect}" }.join(", ")}>"

    def assign_attributes(attributes)
      attributes.each do |name, value|
        raise ActiveModel::UnknownAttributeError, "unknown attribute '#{name}' for #{self.class.name}." unless respond_to?("#{name}=")

        public_send("#{name}=", value)
      end
    end

    def valid?
      @errors = Errors.new
      check
      @errors.empty?
    end

    def save(validate: true)
      return false if validate && !valid?

      new = new_record?
      Database.primary.transaction do
        new ? before_create : before_update
        write
      end
      after_save(new)
      true
    rescue PG::UniqueViolation => e
      raise ActiveRecord::RecordNotUnique, e.message.lines.first.strip
    end

    def save!(validate: true)
      save(validate: validate) || raise(RecordInvalid.new("Validation failed: #{errors.full_messages.join(", ")}", self))
    end

    def update(changes)
      assign_attributes(changes)
      save
    end

    def update!(changes)
      assign_attributes(changes)
      save!
    end

    def respond_to_missing?(name, private = false) = column?(name.to_s.sub(/[?=]\z/, "")) || super

    def method_missing(name, *args)
      key = name.to_s.sub(/[?=]\z/, "")
      return super unless column?(key) && args.size == (name.end_with?("=") ? 1 : 0)
      return set(key, args.first) if name.end_with?("=")

      name.end_with?("?") ? !!@attributes[key] : @attributes[key]
    end

    private

    # For the models: what must hold, and what happens around saving.
    def check; end
    def before_create; end
    def before_update; end
    def after_save(new); end

    def column?(name) = @attributes.key?(name) || self.class.columns.include?(name)
    def changed?(name) = @changed.include?(name.to_s)
    def present?(value) = !Environment.blank?(value&.to_s)

    def take(row)
      @attributes = row.dup
      @changed = []
      @new_record = false
    end

    def set(name, value)
      @changed |= [name.to_s] unless persisted? && @attributes[name.to_s] == value
      @attributes[name.to_s] = value
    end

    def write
      return if persisted? && @changed.empty?

      values = @changed.map { |name| @attributes[name] }
      marks = (1..values.size).map { |number| "$#{number}" }
      row = Database.primary.one(persisted? ? updating(marks) : inserting(marks), persisted? ? [*values, id] : values)
      take(row || raise(RecordNotFound, "#{self.class.name} #{id} is gone"))
    end

    def inserting(marks)
      return "INSERT INTO #{self.class.table} DEFAULT VALUES RETURNING *" if marks.empty?

      "INSERT INTO #{self.class.table} (#{@changed.join(", ")}) VALUES (#{marks.join(", ")}) RETURNING *"
    end

    def updating(marks)
      pairs = @changed.zip(marks).map { |name, mark| "#{name} = #{mark}" }
      "UPDATE #{self.class.table} SET #{pairs.join(", ")} WHERE id = $#{marks.size + 1} RETURNING *"
    end
  end
end

module ActiveRecord
  # For scripts that hold several records together.
  class Base
    def self.transaction(&block) = Standin::Database.primary.transaction(&block)
  end
end
