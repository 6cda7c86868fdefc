# A query that is sent when its rows are needed.

module Standin
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
    def exists?(conditions = {}) = !where(conditions).first.nil?
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
end
