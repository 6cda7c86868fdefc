# Makes a PNG smaller, in plain Ruby: `Png.shrink(bytes, 230_400)` has at most that many pixels. Enough for what tests upload.

require "zlib"

module Standin
  module Png
    SIGNATURE = "\x89PNG\r\n\x1A\n".b.freeze
    CHANNELS = { 0 => 1, 2 => 3, 3 => 1, 4 => 2, 6 => 4 }.freeze
    # Ruby undoes some four million bytes a second; a bigger picture is left as it is.
    MOST_BYTES = 8_000_000

    module_function

    def shrink(bytes, most_pixels)
      chunks = read(bytes)
      width, height, depth, color, _, _, interlace = chunks.assoc("IHDR")[1].unpack("NNC5")
      channels = CHANNELS.fetch(color)
      return bytes if width * height <= most_pixels || depth != 8 || interlace != 0 || width * height * channels > MOST_BYTES

      scale = Math.sqrt(most_pixels.to_f / (width * height))
      small = [[(width * scale).floor, 1].max, [(height * scale).floor, 1].max]
      packed = chunks.select { |name, _| name == "IDAT" }.map(&:last).join
      lines = lines(Zlib::Inflate.inflate(packed), width * channels, height, channels)
      write(chunks, small, [depth, color, 0, 0, 0], sample(lines, width, height, small, channels))
    rescue Zlib::Error, KeyError, NoMethodError, TypeError
      raise RecordInvalid, "Validation failed: File has contents that are not what they are reported to be"
    end

    def read(bytes)
      raise KeyError, "no PNG" unless bytes.start_with?(SIGNATURE)

      at = SIGNATURE.bytesize
      chunks = []
      while at + 12 <= bytes.bytesize
        size, name = bytes.byteslice(at, 8).unpack("Na4")
        chunks << [name, bytes.byteslice(at + 8, size)]
        at += size + 12
      end
      chunks
    end

    # Each line is kept as a difference to what stands left of it and above it.
    def lines(data, length, height, step)
      above = Array.new(length, 0)
      Array.new(height) do |row|
        start = row * (length + 1)
        filter = data.getbyte(start)
        line = data.byteslice(start + 1, length).bytes
        above = undo(filter, line, above, step)
      end
    end

    def undo(filter, line, above, step)
      return line if filter.zero?

      line.each_index do |n|
        left = n < step ? 0 : line[n - step]
        guess = case filter
                when 1 then left
                when 2 then above[n]
                when 3 then (left + above[n]) / 2
                else nearest(left, above[n], n < step ? 0 : above[n - step])
                end
        line[n] = (line[n] + guess) & 255
      end
    end

    def nearest(left, above, corner)
      sum = left + above - corner
      [left, above, corner].min_by { |one| (sum - one).abs }
    end

    # The pixel in the middle of what becomes one.
    def sample(lines, width, height, small, channels)
      Array.new(small[1]) do |y|
        line = lines[(y * 2 + 1) * height / (small[1] * 2)]
        "\0".b + Array.new(small[0]) { |x| line[(x * 2 + 1) * width / (small[0] * 2) * channels, channels] }.flatten.pack("C*")
      end.join
    end

    # With the palette and what is transparent in it, without what a camera says.
    def write(chunks, small, rest, data)
      kept = chunks.select { |name, _| %w(PLTE tRNS).include?(name) }
      all = [["IHDR", [*small, *rest].pack("NNC5")], *kept, ["IDAT", Zlib::Deflate.deflate(data)], ["IEND", ""]]
      SIGNATURE + all.map { |name, body| [body.bytesize].pack("N") + name + body + [Zlib.crc32(name + body)].pack("N") }.join
    end
  end
end
