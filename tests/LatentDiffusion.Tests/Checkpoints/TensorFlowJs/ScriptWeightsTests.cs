using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.TensorFlowJs;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints.TensorFlowJs;

public sealed class ScriptWeightsTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Bytes_become_numbers_in_the_steps_that_the_manifest_states(int shards)
    {
        var path = Small().Write(_folder["package"], shards);

        using var weights = WeightsFile.Open(path);

        Assert.IsType<ScriptWeights>(weights);
        Assert.Equal(["a/kernel", "b/beta"], weights.Shapes.Keys);
        Assert.Equal([2, 3], weights.Shapes["a/kernel"]);
        Assert.Equal([-0.5f, -0.25f, 0, 0.25f, 0.5f, 63.25f], weights.Read("a/kernel").data<float>().ToArray());
        Assert.Equal([0.0029792253f, 0.51593363f], weights.Read("b/beta").data<float>().ToArray());
        Assert.Equal(torch.ScalarType.Float32, weights.TypeOf("b/beta"));
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        var path = Small().Write(_folder["package"]);
        File.Delete(_folder["package/group1-shard2of2.min.js"]);

        var error = Assert.Throws<UserInputException>(() => WeightsFile.Open(path));

        Assert.Contains("group1-shard2of2.min.js", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_that_do_not_fill_the_tensors_are_refused()
    {
        var path = Small().Write(_folder["package"]);
        File.WriteAllText(_folder["package/group1-shard2of2.min.js"], "!function(){n.exports=\"AAAA\"}");

        var error = Assert.Throws<CheckpointFormatException>(() => WeightsFile.Open(path));

        Assert.Contains("hold 7 bytes, its tensors take 8", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{name:\"c\",shape:[4],dtype:\"float32\"}", "2 of its 3 tensors")]
    [InlineData(
        "{name:\"c\",shape:[4],dtype:\"int32\",quantization:{min:0,scale:1,dtype:\"uint16\"}}",
        "2 of its 3 tensors"
    )]
    [InlineData("{name:\"b/beta\",shape:[4],dtype:\"float32\",quantization:{min:0,scale:1,dtype:\"uint8\"}}", "twice")]
    [InlineData(
        "{name:\"c\",shape:[99999999999,999],dtype:\"float32\",quantization:{min:0,scale:1,dtype:\"uint8\"}}",
        "has the shape [99999999999,999]"
    )]
    public void A_manifest_that_cannot_be_read_is_refused_in_one_line(string entry, string message)
    {
        var path = Small().AddEntry(entry).Write(_folder["package"]);

        var error = Assert.Throws<CheckpointFormatException>(() => WeightsFile.Open(path));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_script_of_something_else_is_refused()
    {
        var path = _folder["other.js"];
        File.WriteAllText(path, "!function(){alert(1)}()");

        var error = Assert.Throws<CheckpointFormatException>(() => WeightsFile.Open(path));

        Assert.Contains("no weightsManifest", error.Message, StringComparison.Ordinal);
    }

    private static ScriptPackage Small() =>
        new ScriptPackage()
            .Add("a/kernel", [2, 3], [0, 1, 2, 3, 4, 255], min: -0.5, scale: 0.25)
            .Add("b/beta", [2], [0, 255], min: 0.0029792252462357283, scale: 0.002011585912174162);
}
