# An upload: the original as it came and, of pictures, a small version. Both lie where `FileStore` says.

require "securerandom"
require "standin/file_store"
require "standin/png"

class MediaAttachment < Standin::Model
  self.table = "media_attachments"

  TYPES = %w(image gifv video unknown audio).freeze
  # Not yet, in progress, done.
  QUEUED, DONE = 0, 2
  SMALL_PIXELS = 230_400
  MOST_BYTES = { "image" => 16 * 1024 * 1024, "gifv" => 99 * 1024 * 1024 }.freeze
  ENDINGS = {
    "image/png" => "png", "image/jpeg" => "jpg", "image/webp" => "webp", "image/gif" => "gif", "video/mp4" => "mp4", "video/webm" => "webm",
    "audio/mpeg" => "mp3", "audio/ogg" => "ogg",
  }.freeze

  class << self
    # Pictures are made small at once. What takes long is left to Sidekiq, unless the older interface was used.
    def store!(account, bytes:, content_type:, description: nil, later: false)
      type = type_of(content_type)
      raise Standin::RecordInvalid, "Validation failed: File content type is invalid, File is invalid" if type.nil? || bytes.empty?
      raise Standin::RecordInvalid, "Validation failed: File is too large" if bytes.bytesize > MOST_BYTES.fetch(type, 99 * 1024 * 1024)

      later &&= type != "image"
      media = new(account_id: account.id, type: TYPES.index(type), file_file_name: "#{SecureRandom.hex(8)}.#{ENDINGS.fetch(content_type)}",
                  file_content_type: content_type, file_file_size: bytes.bytesize, description: description, processing: later ? QUEUED : DONE)
      Standin::Database.primary.transaction do
        media.save!
        media.put(:original, bytes)
        media.put(:small, small(content_type, bytes)) unless later
      end
      PostProcessMediaWorker.perform_async(media.id) if later
      media
    end

    # A small PNG is made here, of other files it is a copy: that would take libraries far bigger than the stand-in.
    def small(content_type, bytes) = content_type == "image/png" ? Standin::Png.shrink(bytes, SMALL_PIXELS) : bytes

    private

    def type_of(content_type)
      return unless ENDINGS.key?(content_type)

      content_type == "image/gif" ? "gifv" : content_type[/\A\w+/]
    end
  end

  def processed? = processing == DONE
  def kind = TYPES.fetch(self[:type])
  def put(style, bytes) = Standin::FileStore.current.put(key(style), bytes, file_content_type)
  def url(style) = Standin::FileStore.current.url(key(style))

  # On a Sidekiq machine, which must be able to read what a web machine has stored.
  def process_later
    bytes = Standin::FileStore.current.get(key(:original))
    put(:small, self.class.small(file_content_type, bytes))
    update!(processing: DONE)
  end

  def destroy
    %i(original small).each { |style| Standin::FileStore.current.delete(key(style)) }
    super
  end

  def render
    small = url(:small) if processed?
    { id: id.to_s, type: kind, url: (url(:original) if processed?), preview_url: small, remote_url: nil, preview_remote_url: nil,
      text_url: nil, meta: {}, description: description, blurhash: nil }
  end

  private

  # As Paperclip names it: the number in groups of three digits.
  def key(style)
    groups = format(id < 1_000_000_000 ? "%09d" : "%012d", id).scan(/\d{3}/).join("/")
    "media_attachments/files/#{groups}/#{style}/#{file_file_name}"
  end
end
