using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class SafetensorsMalformedFileTests : IDisposable
{
    private const string A = "\"a\":" + """{"dtype":"U8","shape":[2],"data_offsets":[0,2]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{" + A + "}", 2)]
    [InlineData("{" + A + "}       ", 2)]
    [InlineData("{}", 0)]
    [InlineData("""{"__metadata__":{}}""", 0)]
    [InlineData("""{"b":{"data_offsets":[2,4],"shape":[1],"dtype":"I16"},""" + A + "}", 4)]
    [InlineData("""{"b":{"dtype":"F32","shape":[0,9],"data_offsets":[2,2]},""" + A + "}", 2)]
    [InlineData("""{"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}""", 3)]
    [InlineData("""{"\u0061\n":{"dtype":"U64","shape":[],"data_offsets":[0,8]}}""", 8)]
    public void Lawful_headers_are_accepted(string json, int dataLength) =>
        Write(SafetensorsSamples.FileOf(json, dataLength)).Dispose();

    [Theory]
    [InlineData("", 0, "start with '{'")]
    [InlineData(" {}", 0, "start with '{'")]
    [InlineData("[]", 0, "start with '{'")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{}x", 0, "not valid JSON")]
    [InlineData("{}{}", 0, "not valid JSON")]
    [InlineData("{} // note", 0, "not valid JSON")]
    [InlineData("{" + A + ",}", 2, "not valid JSON")]
    [InlineData("""{"\ud800":{}}""", 0, "not valid JSON")]
    [InlineData("""{"__metadata__":{"k":"\udc00"}}""", 0, "not valid JSON")]
    [InlineData("{" + A + "," + A + "}", 2, "tensor 'a' is described twice")]
    [InlineData(
        "{" + A + ""","\u0061":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}""",
        2,
        "'a' is described twice"
    )]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "given twice")]
    [InlineData("""{"__metadata__":[]}""", 0, "not an object")]
    [InlineData("""{"__metadata__":null}""", 0, "not an object")]
    [InlineData("""{"__metadata__":{"k":1}}""", 0, "value 'k' is not a text")]
    [InlineData("""{"__metadata__":{"k":null}}""", 0, "value 'k' is not a text")]
    [InlineData("""{"__metadata__":{"k":{"a":"b"}}}""", 0, "value 'k' is not a text")]
    [InlineData("""{"__metadata__":{"k":"1","k":"1"}}""", 0, "key 'k' is given twice")]
    [InlineData("""{"__metadata__":{"ldm.xxh3":"soon"}}""", 0, "checksum 'soon' is malformed")]
    [InlineData("""{"__metadata__":{"k":"xxh3-128:0123456789abcdef0123456789abcdef"}}""", 0, "'k' holds a checksum")]
    [InlineData("""{"__metadata__":{"ldm.xxh3":"xxh3-128:0123456789abcdef0123456789abcdef"}}""", 0, "do not match")]
    [InlineData("""{"a":7}""", 0, "'a' is not described by an object")]
    [InlineData("""{"a":{}}""", 0, "'a' needs a dtype, a shape and two data_offsets")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,2]}}""", 2, "needs a dtype")]
    [InlineData("""{"a":{"dtype":"U8","data_offsets":[0,2]}}""", 2, "needs a dtype")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2]}}""", 2, "needs a dtype")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}""", 2, "two data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1,2]}}""", 2, "two data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","dtype":"I8","shape":[2],"data_offsets":[0,2]}}""", 2, "field 'dtype' twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"stride":1}}""", 2, "field 'stride' which")]
    [InlineData("""{"a":{"dtype":"u8","shape":[2],"data_offsets":[0,2]}}""", 2, "unknown dtype 'u8'")]
    [InlineData("""{"a":{"dtype":8,"shape":[2],"data_offsets":[0,2]}}""", 2, "dtype that is not a text")]
    [InlineData("""{"a":{"dtype":"U8","shape":2,"data_offsets":[0,2]}}""", 2, "shape that is not a list")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}""", 2, "shape with something else")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}""", 0, "shape with something else")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}""", 2, "shape with something else")]
    [InlineData("""{"a":{"dtype":"U8","shape":["2"],"data_offsets":[0,2]}}""", 2, "shape with something else")]
    [InlineData("""{"a":{"dtype":"U8","shape":[[2]],"data_offsets":[0,2]}}""", 2, "shape with something else")]
    [InlineData("""{"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,2]}}""", 2, "something else")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "too large")]
    [InlineData("""{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "too large")]
    [InlineData("""{"a":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "too large")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}""", 2, "end before they begin")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[-2,0]}}""", 2, "data_offsets with something else")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}""",
        2,
        "takes 2 bytes, but U8 of shape [3] needs 3"
    )]
    [InlineData("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,2]}}""", 2, "F32 of shape [] needs 4")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "F4 of shape [3] needs 1.5")]
    [InlineData(
        "{" + A + ""","b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""",
        4,
        "'b' leaves a hole of 1 bytes"
    )]
    [InlineData("""{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "'b' leaves a hole of 1 bytes")]
    [InlineData("{" + A + ""","b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "'b' overlaps")]
    [InlineData("{" + A + ""","b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "'b' overlaps")]
    [InlineData("{" + A + "}", 1, "ends 1 bytes too early")]
    [InlineData("{" + A + "}", 5, "3 bytes after the last tensor")]
    [InlineData("{}", 1, "1 bytes after the last tensor")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,9007199254740993]}}""",
        2,
        "too early"
    )]
    public void Every_breach_of_the_format_is_refused_in_one_line(string json, int dataLength, string expected) =>
        AssertRefused(SafetensorsSamples.FileOf(json, dataLength), expected);

    [Fact]
    public void Text_that_is_not_Utf8_is_refused() =>
        AssertRefused(
            SafetensorsSamples.FileOf([.. """{"__metadata__":{"k":" """u8, 0xc3, 0x28, .. "\"}}"u8], 0),
            "UTF-8"
        );

    [Theory]
    [InlineData(0UL)]
    [InlineData(3UL)]
    [InlineData(99_999_999UL)]
    [InlineData(100_000_001UL)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void A_false_header_length_is_refused(ulong length) =>
        AssertRefused(
            [.. BitConverter.GetBytes(length), .. "{}"u8],
            length == 0 ? "start with '{'" : "the header claims"
        );

    [Fact]
    public void A_header_above_the_limit_is_refused_even_when_it_is_there()
    {
        File.WriteAllBytes(_folder["f"], BitConverter.GetBytes(100_000_001UL));
        using (var stream = File.OpenWrite(_folder["f"]))
        {
            stream.SetLength(100_000_100);
        }

        var e = Assert.Throws<CheckpointFormatException>(() => SafetensorsFile.Open(_folder["f"]));
        Assert.Contains("100000000 are allowed", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2000000000],"data_offsets":[0,2000000000]}}""")]
    public void Claims_of_size_allocate_nothing(string json)
    {
        File.WriteAllBytes(_folder["f"], SafetensorsSamples.FileOf(json, 8));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CheckpointFormatException>(() => SafetensorsFile.Open(_folder["f"]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Theory]
    [InlineData("U16", 2)]
    [InlineData("U32", 4)]
    [InlineData("U64", 8)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F8_E5M2", 1)]
    [InlineData("F8_E8M0", 1)]
    public void Dtypes_without_a_tensor_type_are_listed_but_not_read(string dtype, int bytes)
    {
        using var file = Write(
            SafetensorsSamples.FileOf(
                $$$"""{"a":{"dtype":"{{{dtype}}}","shape":[1],"data_offsets":[0,{{{bytes}}}]}}""",
                bytes
            )
        );
        Assert.Equal(bytes, file.Tensors["a"].Length);
        var e = Assert.Throws<UserInputException>(() => file.Read("a"));
        Assert.Contains($"'a' has the dtype {dtype}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truth_value_of_two_is_refused()
    {
        byte[] bytes =
        [
            .. SafetensorsSamples.FileOf("""{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}"""),
            1,
            2,
            0,
        ];
        using var file = Write(bytes);
        var e = Assert.Throws<CheckpointFormatException>(() => file.Read("a"));
        Assert.Contains("bytes other than 0 and 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_cannot_break_the_line_of_a_message() =>
        AssertRefused(
            SafetensorsSamples.FileOf($$$"""{"a\n\u001b[31m\u2028{{{new string('x', 500)}}}":{}}"""),
            @"'a\u000a\u001b[31m"
        );

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        var missing = Assert.Throws<UserInputException>(() => SafetensorsFile.Open(_folder["none"]));
        Assert.Equal($"There is no file {_folder["none"]}. Check the path.", missing.Message);
        var folder = Assert.Throws<UserInputException>(() => SafetensorsFile.Open(_folder.Root));
        Assert.Contains("it is a folder", folder.Message, StringComparison.Ordinal);
    }

    private SafetensorsFile Write(byte[] bytes)
    {
        File.WriteAllBytes(_folder["f"], bytes);
        return SafetensorsFile.Open(_folder["f"]);
    }

    private void AssertRefused(byte[] bytes, string expected)
    {
        var e = Assert.Throws<CheckpointFormatException>(() => Write(bytes).Dispose());
        Assert.StartsWith(_folder["f"], e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
        Assert.InRange(e.Message.Length, 1, 500);
    }
}
