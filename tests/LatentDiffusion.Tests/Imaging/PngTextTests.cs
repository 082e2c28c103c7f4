using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class PngTextTests
{
    private static readonly RgbImage Picture = TestImages.Pattern(9, 7);

    [Theory]
    [InlineData("a red apple\nSteps: 20", "tEXt")]
    [InlineData("Äpfel, größer", "tEXt")]
    [InlineData("красное яблоко 🍎", "iTXt")]
    [InlineData("tab\there", "iTXt")]
    public void Texts_come_back_and_old_readers_get_what_they_can_read(string text, string chunk)
    {
        var file = PngText.Insert(PngEncoder.Encode(Picture), [new("parameters", text), new("other", "x")]);

        Assert.Equal(
            [("parameters", text), ("other", "x")],
            PngText.Read(file, "file").Select(entry => (entry.Keyword, entry.Text))
        );
        Assert.Equal(Picture.Pixels, ImageDecoder.Decode(file, "file").Pixels);
        // Behind the 8 bytes of the signature and the 25 of the header.
        Assert.Equal(chunk, Encoding.ASCII.GetString(file, 8 + 25 + 4, 4));
    }

    [Fact]
    public void A_text_can_be_stored_in_unicode_in_any_case()
    {
        var file = PngText.Insert(PngEncoder.Encode(Picture), [new("ldm", "{}") { IsUnicode = true }]);

        Assert.True(Assert.Single(PngText.Read(file, "file")).IsUnicode);
        Assert.Contains("iTXtldm\0\0\0\0\0{}", Encoding.Latin1.GetString(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Packed_texts_of_other_programs_are_read()
    {
        byte[] packed = [.. "one\0\0"u8, .. Pack("packed")];
        byte[] international = [.. "two\0\u0001\0de\0zwei\0"u8, .. Pack("größer 🍎")];
        var file = With(("zTXt", packed), ("iTXt", international));

        Assert.Equal(
            [("one", "packed"), ("two", "größer 🍎")],
            PngText.Read(file, "file").Select(entry => (entry.Keyword, entry.Text))
        );
    }

    [Fact]
    public void Damage_is_named()
    {
        var file = PngText.Insert(PngEncoder.Encode(Picture), [new("parameters", "text")]);

        AssertRefuses("is not a PNG image", "GIF89a......"u8.ToArray());
        AssertRefuses("is cut short", file[..^20]);
        file[50] ^= 1;
        AssertRefuses("a checksum is wrong", file);
        AssertRefuses("a text in it is incomplete", With(("tEXt", "no end"u8.ToArray())));
        AssertRefuses("a packed text in it cannot be unpacked", With(("zTXt", "key\0\0nonsense"u8.ToArray())));
        AssertRefuses("has more than", With(("zTXt", [.. "key\0\0"u8, .. Pack(new string('a', 20_000_000))])));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" parameters")]
    [InlineData("größe")]
    public void Impossible_keywords_are_refused(string keyword) =>
        Assert.Throws<ArgumentException>(() => PngText.Insert(PngEncoder.Encode(Picture), [new(keyword, "x")]));

    private static void AssertRefuses(string expected, byte[] file)
    {
        var error = Assert.Throws<ImageFormatException>(() => PngText.Read(file, "picture.png"));
        Assert.Contains("picture.png", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Pack(string text)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static byte[] With(params (string Type, byte[] Content)[] chunks)
    {
        var png = PngEncoder.Encode(Picture);
        List<byte> file = [.. png[..(8 + 25)]];
        foreach (var (type, content) in chunks)
        {
            var number = new byte[4];
            byte[] body = [.. Encoding.ASCII.GetBytes(type), .. content];
            BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
            file.AddRange(number);
            file.AddRange(body);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
            file.AddRange(number);
        }

        return [.. file, .. png[(8 + 25)..]];
    }
}
