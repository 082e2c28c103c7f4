using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

public sealed class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_file_of_PyTorch_holds_the_expected_values()
    {
        using var file = TorchFile.Open(Golden.PathOf("checkpoints/tricky_tensors.ckpt"));
        using var expected = NpzFile.Open(Golden.PathOf("checkpoints/tricky_tensors.npz"));
        var names = expected.Names.Where(n => n.StartsWith("out/", StringComparison.Ordinal)).ToList();

        Assert.Empty(file.Stubs);
        Assert.Equal(names.Select(n => n["out/".Length..]).Order(), file.Tensors.Keys.Order());
        foreach (var name in names)
        {
            var actual = file.Read(name["out/".Length..]);
            Assert.True(actual.is_contiguous());

            // NumPy has no bf16: the archive has those values as f32.
            var comparable = actual.dtype == ScalarType.BFloat16 ? actual.to(ScalarType.Float32) : actual;
            Assert.True(SafetensorsSamples.Same(expected.Read(name), comparable), name);
        }
    }

    [Fact]
    public void Reading_into_tensors_of_other_types_and_layouts_gives_the_same_values()
    {
        using var file = TorchFile.Open(Golden.PathOf("checkpoints/tricky_tensors.ckpt"));
        foreach (var entry in file.Tensors.Values.Where(t => !t.Shape.Contains(0)))
        {
            var expected = file.Read(entry.Name);
            var plain = zeros_like(expected);
            file.ReadInto(entry.Name, plain);
            Assert.True(SafetensorsSamples.Same(expected, plain), entry.Name);

            var reversed = empty([.. entry.Shape.Reverse()], ScalarType.Float64);
            var strided = reversed.permute([.. Enumerable.Range(0, entry.Shape.Count).Select(i => (long)i).Reverse()]);
            file.ReadInto(entry.Name, strided);
            TensorAssert.Equal(strided, expected);
        }
    }

    [Fact]
    public void Both_formats_give_views_names_and_values()
    {
        foreach (
            var bytes in new[]
            {
                TorchSamples.Zip(TorchSamples.SmallPickle(), ("data/0", TorchSamples.Floats(6))),
                TorchSamples.Stream(TorchSamples.SmallPickle(), ("0", TorchSamples.Floats(6))),
            }
        )
        {
            using var file = TorchSamples.Open(_folder, bytes);
            Assert.Equal(["a", "b"], file.Tensors.Keys);
            Assert.Equal([2L, 3L], file.Shapes["a"]);
            Assert.Equal(3L, file.Values["epoch"]);
            Assert.Equal([0, 1, 2, 3, 4, 5], TensorAssert.Values(file.Read("a")));
            Assert.Equal([1, 4, 2, 5], TensorAssert.Values(file.Read("b")));
        }
    }

    [Fact]
    public void Without_a_state_dict_names_are_the_whole_paths()
    {
        var pickle = new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("model")
            .Op('}')
            .Op('(')
            .Text("w")
            .Tensor("0", 2, [2], [1])
            .Text("rate")
            .Op((byte)'G', 0x3f, 0xe0, 0, 0, 0, 0, 0, 0)
            .Number(7)
            .Tensor("0", 2, [], [], offset: 1)
            .Op('u')
            .Text("note")
            .Text("hello")
            .Text("seed")
            .Op("I8589934592\n"u8)
            .Op('u')
            .Stop();
        using var file = TorchSamples.Open(_folder, TorchSamples.Zip(pickle, ("data/0", TorchSamples.Floats(2))));

        Assert.Equal(["model.w", "model.7"], file.Tensors.Keys);
        Assert.Equal(1f, file.Read("model.7").item<float>());
        Assert.Equal(0.5, file.Values["model.rate"]);
        Assert.Equal("hello", file.Values["note"]);
        Assert.Equal(8589934592L, file.Values["seed"]);
    }

    /// <summary>torchvision's files of 2017: Python 2's pairs, _rebuild_tensor, parameters made by NEWOBJ.</summary>
    [Fact]
    public void The_oldest_state_dicts_can_be_read()
    {
        var pickle = new PickleWriter()
            .Global("collections", "OrderedDict")
            .Op(']')
            .Op(']')
            .Op((byte)'U', 1, (byte)'w')
            .Op('a')
            .Global("torch.nn.parameter", "Parameter")
            .Global("torch._utils", "_rebuild_tensor")
            .Op('(')
            .Storage("0", 2)
            .Number(0)
            .Tuple(2)
            .Tuple(1)
            .Op('t')
            .Op('R')
            .Op(0x85, 0x81)
            .Op(0x88, 0x89, (byte)'N', 0x87, (byte)'b')
            .Op('a')
            .Op('a')
            .Op(0x85)
            .Op('R')
            .Stop();
        using var file = TorchSamples.Open(_folder, TorchSamples.Stream(pickle, ("0", TorchSamples.Floats(2))));
        Assert.Equal([0, 1], TensorAssert.Values(file.Read("w")));
    }

    [Fact]
    public void Big_endian_elements_are_turned_around()
    {
        byte[] reversed = [.. TorchSamples.Floats(6).Chunk(sizeof(float)).SelectMany(e => e.Reverse())];
        using var file = TorchSamples.Open(
            _folder,
            TorchSamples.Zip(TorchSamples.SmallPickle(), ("byteorder", TorchSamples.Ascii("big")), ("data/0", reversed))
        );
        Assert.Equal([0, 1, 2, 3, 4, 5], TensorAssert.Values(file.Read("a")));
    }

    [Fact]
    public void Wrong_requests_are_told_in_one_line()
    {
        using var file = TorchSamples.Open(
            _folder,
            TorchSamples.Zip(TorchSamples.SmallPickle(), ("data/0", TorchSamples.Floats(6)))
        );
        Assert.Contains("no tensor 'c'", Assert.Throws<UserInputException>(() => file.Read("c")).Message);
        var shape = Assert.Throws<UserInputException>(() => file.ReadInto("a", zeros(3, 2)));
        Assert.Contains("[2, 3], but [3, 2]", shape.Message);
        var type = Assert.Throws<UserInputException>(() => file.ReadInto("a", zeros([2, 3], int64)));
        Assert.Contains("holds Float32, which Int64 cannot represent", type.Message);
    }

    [Fact]
    public void Bool_bytes_other_than_0_and_1_are_refused()
    {
        var pickle = new PickleWriter()
            .Op('}')
            .Text("flag")
            .Tensor("0", 2, [2], [1], type: "BoolStorage")
            .Op('s')
            .Stop();
        using var file = TorchSamples.Open(_folder, TorchSamples.Zip(pickle, ("data/0", [1, 2])));
        Assert.Throws<CheckpointFormatException>(() => file.Read("flag"));
    }
}
