# Just enough of a record to write `User.find_by(email: …)` or `Account.create!(…)` on a console.

module Standin
  class RecordNotFound < StandardError; end
  class RecordInvalid < StandardError; end

  # A query that is sent when its rows are needed.
  class Relation
    include Enumerable

    def initialize(model, conditions = {}, order: "id", limit: nil)
      @model, @conditions, @order, @limit = model, conditions, order, limit
    end

    def where(conditions) = Relation.new(@model, @conditions.merge(conditions), order: @order, limit: @limit)
    def limit(count) = Relation.new(@model, @conditions, order: @order, limit: Integer(count))
    def order(order) = Relation.new(@model, @conditions, order: order_sql(order), limit: @limit)
    def each(&block) = to_a.each(&block)
    def find_each(&block) = each(&block)
    def to_a = @model.load("SELECT * FROM #{@model.table}#{filter} ORDER BY #{@order}#{" LIMIT #{@limit}" if @limit}", values)
    def first(count = nil) = count ? limit(count).to_a : limit(1).to_a.first
    def last = order(id: :desc).first
    def exists? = !first.nil?
    def count = Database.primary.one("SELECT count(*) AS count FROM #{@model.table}#{filter}", values)["count"]
    def pluck(column) = map { |record| record[column] }
    def delete_all = Database.primary.query("DELETE FROM #{@model.table}#{filter} RETURNING id", values).size
    def inspect = to_a.inspect

    private

    def order_sql(order) = order.is_a?(Hash) ? order.map { |column, way| "#{column} #{way}" }.join(", ") : order.to_s
    def values = @conditions.values.compact

    def filter
      number = 0
      terms = @conditions.map do |column, value|
        next "#{column} IS NULL" if value.nil?

        number += 1
        value.is_a?(Array) ? "#{column} = ANY ($#{number}::bigint[])" : "#{column} = $#{number}"
      end
      terms.empty? ? "" : " WHERE #{terms.join(" AND ")}"
    end
  end

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
      def load(sql, values = []) = Database.primary.query(sql, values).map { |row| new(row) }

      def create!(attributes = {})
        given = defaults.merge(attributes.transform_keys(&:to_sym))
        columns = given.keys.join(", ")
        marks = (1..given.size).map { |number| "$#{number}" }.join(", ")
        load("INSERT INTO #{table} (#{columns}) VALUES (#{marks}) RETURNING *", given.values).first
      rescue PG::UniqueViolation, PG::NotNullViolation => e
        raise RecordInvalid, "#{name}: #{e.message.lines.first.strip}"
      end

      def defaults = {}
    end

    attr_reader :attributes

    def initialize(row) = @attributes = row
    def [](name) = @attributes[name.to_s]
    def reload = tap { @attributes = self.class.find(id).attributes }
    def destroy = self.class.where(id: id).delete_all
    def inspect = "#<#{self.class.name} #{@attributes.map { |name, value| "#{name}: #{value.inspect}" }.join(", ")}>"

    def update!(changes)
      marks = changes.keys.each_with_index.map { |column, number| "#{column} = $#{number + 2}" }.join(", ")
      row = Database.primary.one("UPDATE #{self.class.table} SET #{marks} WHERE id = $1 RETURNING *", [id, *changes.values])
      @attributes = row || raise(RecordNotFound, "#{self.class.name} #{id} is gone")
      true
    end

    def respond_to_missing?(name, private = false) = @attributes.key?(name.to_s.delete_suffix("?")) || super

    def method_missing(name, *args)
      key = name.to_s.delete_suffix("?")
      return super unless args.empty? && @attributes.key?(key)

      name.end_with?("?") ? !!@attributes[key] : @attributes[key]
    end
  end
end
