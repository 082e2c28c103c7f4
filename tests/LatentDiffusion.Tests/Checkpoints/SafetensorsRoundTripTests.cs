using System.Text;
using CsCheck;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class SafetensorsRoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<ScalarType> Types => [.. SafetensorsSamples.Types];

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_dtype_and_rank_comes_back_bit_for_bit(ScalarType type)
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["scalar"] = RandomTensor(type, [], 1),
            ["vector"] = RandomTensor(type, [7], 2),
            ["cube"] = RandomTensor(type, [2, 3, 5], 3),
            ["empty"] = RandomTensor(type, [3, 0, 2], 4),
        };
        AssertRoundTrip(tensors);
    }

    [Fact]
    public void Views_are_written_as_their_contents()
    {
        var whole = RandomTensor(ScalarType.Float32, [4, 6, 2, 3], 1);
        var complex = RandomTensor(ScalarType.ComplexFloat32, [5], 2);
        AssertRoundTrip(
            new()
            {
                ["transposed"] = whole.transpose(0, 1),
                ["offset"] = whole[1],
                ["strided"] = whole.slice(1, 1, 6, 2),
                ["expanded"] = whole.slice(0, 0, 1, 1).expand(4, 6, 2, 3),
                ["channels last"] = whole.to(CPU).contiguous().permute(0, 2, 3, 1),
                ["conjugate"] = complex.conj(),
                ["negated"] = complex.conj().imag,
                ["parameter"] = new TorchSharp.Modules.Parameter(whole.clone()),
            }
        );
    }

    [Fact]
    public void Random_sets_come_back_and_give_the_same_bytes_in_any_order()
    {
        var type = Gen.Int[0, SafetensorsSamples.Types.Length - 1].Select(i => SafetensorsSamples.Types[i]);
        var shape = Gen.Long[0, 4].List[0, 4];
        var tensor = Gen.Select(type, shape, Gen.Int[0, 1 << 30]);
        var set = Gen.Dictionary(Gen.String.Where(Transcodable), tensor)[0, 8];
        var metadata = Gen.Dictionary(Gen.String.Where(Transcodable), Gen.String.Where(Transcodable))[0, 4];
        Gen.Select(set, metadata)
            .Sample(
                (set, metadata) =>
                {
                    using var scope = NewDisposeScope();
                    using var folder = new TemporaryFolder();
                    var tensors = set.Where(t => t.Key != "__metadata__")
                        .Select(t =>
                            KeyValuePair.Create(t.Key, RandomTensor(t.Value.Item1, [.. t.Value.Item2], t.Value.Item3))
                        )
                        .ToList();
                    SafetensorsWriter.Write(folder["a"], tensors, metadata);
                    SafetensorsWriter.Write(
                        folder["b"],
                        Enumerable.Reverse(tensors),
                        metadata.Reverse().ToDictionary()
                    );
                    Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));

                    using var file = SafetensorsFile.Open(folder["a"]);
                    Assert.Equal(metadata, file.Metadata.ToDictionary());
                    Assert.Equal(tensors.Count, file.Tensors.Count);
                    Assert.All(tensors, t => Assert.True(SafetensorsSamples.Same(t.Value, file.Read(t.Key))));
                },
                iter: 100,
                threads: 1
            );
    }

    [Fact]
    public void The_layout_is_the_references()
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["b"] = ones(2, dtype: ScalarType.Float32),
            ["a"] = ones(3, dtype: ScalarType.Float32),
            ["\U00010000"] = ones(1, dtype: ScalarType.Byte),
            ["\uf900"] = ones(1, dtype: ScalarType.Byte),
            ["wide"] = ones([2, 1], dtype: ScalarType.Int64),
            ["half"] = ones([], dtype: ScalarType.Float16),
        };
        SafetensorsWriter.Write(_folder["f"], tensors, new Dictionary<string, string> { ["z"] = "<1>", ["a"] = "é\n" });
        var bytes = File.ReadAllBytes(_folder["f"]);
        var length = (int)BitConverter.ToUInt64(bytes);
        var json = Encoding.UTF8.GetString(bytes, 8, length);
        var digits = json[(json.IndexOf("128:", StringComparison.Ordinal) + 4)..][..32];
        Assert.Equal(0, length % 8);
        Assert.Equal(
            """{"__metadata__":{"a":"é\n","ldm.xxh3":"xxh3-128:"""
                + digits
                + "\","
                + """
                "z":"<1>"},"wide":{"dtype":"I64","shape":[2,1],"data_offsets":[0,16]},
                "a":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},
                "b":{"dtype":"F32","shape":[2],"data_offsets":[28,36]},
                "half":{"dtype":"F16","shape":[],"data_offsets":[36,38]},
                "?":{"dtype":"U8","shape":[1],"data_offsets":[38,39]},
                "\uD800\uDC00":{"dtype":"U8","shape":[1],"data_offsets":[39,40]}}
                """.ReplaceLineEndings("").Replace("?", "\uf900", StringComparison.Ordinal),
            json.TrimEnd(' ')
        );
        Assert.Equal(8 + length + 40, bytes.Length);
        Assert.Equal(BytesOf(tensors["wide"]), bytes[(8 + length)..][..16]);
    }

    [Fact]
    public void Metadata_of_a_read_file_can_be_written_again()
    {
        SafetensorsWriter.Write(_folder["a"], [], new Dictionary<string, string> { ["format"] = "pt" });
        using var first = SafetensorsFile.Open(_folder["a"]);
        SafetensorsWriter.Write(_folder["b"], [], first.Metadata);
        Assert.True(first.HasChecksum);
        Assert.Equal(File.ReadAllBytes(_folder["a"]), File.ReadAllBytes(_folder["b"]));
    }

    [Fact]
    public void The_writer_refuses_what_a_reader_could_not_tell_apart()
    {
        var one = ones(1);
        KeyValuePair<string, Tensor> twice = new("x", one);
        Assert.ThrowsAny<ArgumentException>(() => SafetensorsWriter.Write(_folder["f"], [twice, twice]));
        Assert.ThrowsAny<ArgumentException>(() => SafetensorsWriter.Write(_folder["f"], [new("__metadata__", one)]));
        Assert.ThrowsAny<ArgumentException>(() =>
            SafetensorsWriter.Write(_folder["f"], [new("half \ud800 letter", one)])
        );
        var half = new Dictionary<string, string> { ["half"] = "\ud800" };
        Assert.ThrowsAny<ArgumentException>(() => SafetensorsWriter.Write(_folder["f"], [], half));
        var wide = ones(1, dtype: ScalarType.ComplexFloat64);
        var e = Assert.ThrowsAny<ArgumentException>(() => SafetensorsWriter.Write(_folder["f"], [new("wide", wide)]));
        Assert.Contains("'wide' is ComplexFloat64", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Entries());
    }

    [Fact]
    public void ReadInto_fills_any_tensor_of_the_same_shape()
    {
        var source = randn(3, 4, generator: new Generator(1));
        using var file = Written(source);
        var parameter = new TorchSharp.Modules.Parameter(zeros(3, 4));
        var view = zeros(4, 3).t();
        var half = zeros(3, 4, dtype: ScalarType.BFloat16);
        var wide = zeros(3, 4, dtype: ScalarType.Float64);
        foreach (var target in new[] { parameter, view, half, wide })
        {
            file.ReadInto("x", target);
            Assert.True(SafetensorsSamples.Same(source.to(target.dtype), target));
        }
    }

    [Fact]
    public void ReadInto_refuses_another_shape_and_losing_fractions()
    {
        using var file = Written(ones(3, 4));
        var shape = Assert.Throws<UserInputException>(() => file.ReadInto("x", zeros(4, 3)));
        Assert.Contains("'x' has the shape [3, 4], but [4, 3] is expected", shape.Message, StringComparison.Ordinal);
        var type = Assert.Throws<UserInputException>(() => file.ReadInto("x", zeros(3, 4, dtype: ScalarType.Int64)));
        Assert.Contains("F32, which Int64 cannot", type.Message, StringComparison.Ordinal);
        var name = Assert.Throws<UserInputException>(() => file.ReadInto("y", zeros(1)));
        Assert.Contains("no tensor 'y'", name.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var source = randn(4, 4, generator: new Generator(1)).DetachFromDisposeScope();
        using var target = zeros(4, 4, dtype: ScalarType.Float64).DetachFromDisposeScope();
        using var transposed = source.t().DetachFromDisposeScope();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        SafetensorsWriter.Write(_folder["f"], [new("plain", source), new("view", transposed)]);
        using (var file = SafetensorsFile.Open(_folder["f"]))
        {
            file.ReadInto("plain", source);
            file.ReadInto("view", target);
            file.Read("plain").Dispose();
        }

        File.WriteAllBytes(
            _folder["bad"],
            SafetensorsSamples
                .FileOf("""{"x":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""")
                .Append((byte)2)
                .ToArray()
        );
        using (var file = SafetensorsFile.Open(_folder["bad"]))
        {
            Assert.ThrowsAny<UserInputException>(() => file.Read("x"));
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_tensor_beyond_two_gigabytes_is_found()
    {
        const long Gap = 5L << 30;
        var json = $$$"""
            {"gap":{"dtype":"U8","shape":[{{{Gap}}}],"data_offsets":[0,{{{Gap}}}]},
            "x":{"dtype":"I16","shape":[2],"data_offsets":[{{{Gap}}},{{{Gap + 4}}}]}}
            """;
        File.WriteAllBytes(_folder["f"], SafetensorsSamples.FileOf(json));
        using (var stream = File.OpenWrite(_folder["f"]))
        {
            // Unwritten ranges take no space on the file systems of today.
            stream.Position = stream.Length + Gap;
            stream.Write([1, 2, 3, 4]);
        }

        using var file = SafetensorsFile.Open(_folder["f"]);
        Assert.Equal([0x0201, 0x0403], file.Read("x").data<short>().ToArray());
    }

    private static bool Transcodable(string text) =>
        !text.EnumerateRunes().Contains(Rune.ReplacementChar) && !text.Any(char.IsSurrogate);

    private static byte[] BytesOf(Tensor tensor) => SafetensorsSamples.BytesOf(tensor);

    private static Tensor RandomTensor(ScalarType type, long[] shape, int seed)
    {
        var tensor = empty(shape, type, CPU);
        if (tensor.numel() > 0)
        {
            var bytes = tensor.bytes;
            new Random(seed).NextBytes(bytes);
            if (type == ScalarType.Bool)
            {
                foreach (ref var b in bytes)
                {
                    b &= 1;
                }
            }
        }

        return tensor;
    }

    private SafetensorsFile Written(Tensor tensor)
    {
        SafetensorsWriter.Write(_folder["f"], [new("x", tensor)]);
        return SafetensorsFile.Open(_folder["f"]);
    }

    private void AssertRoundTrip(Dictionary<string, Tensor> tensors)
    {
        SafetensorsWriter.Write(_folder["f"], tensors);
        using var file = SafetensorsFile.Open(_folder["f"]);
        Assert.Equal(tensors.Keys.Order(), file.Tensors.Keys.Order());
        Assert.All(tensors, t => Assert.True(SafetensorsSamples.Same(t.Value, file.Read(t.Key)), t.Key));
    }
}
