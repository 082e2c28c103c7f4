using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class ShardedWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ShardedWeightsTests()
    {
        using var scope = torch.NewDisposeScope();
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        SafetensorsWriter.Write(
            _folder["m-00001-of-00002.safetensors"],
            new Dictionary<string, torch.Tensor> { ["a"] = torch.arange(3) },
            metadata
        );
        SafetensorsWriter.Write(
            _folder["m-00002-of-00002.safetensors"],
            new Dictionary<string, torch.Tensor> { ["b"] = torch.ones(2, 2) }
        );
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_are_found_in_their_files()
    {
        using var weights = WeightsFile.Open(
            Index(
                """{"metadata":{"total_size":40},"weight_map":{"a":"m-00001-of-00002.safetensors","b":"m-00002-of-00002.safetensors"}}"""
            )
        );
        using var a = weights.Read("a");
        using var b = torch.zeros(2, 2);
        weights.ReadInto("b", b);

        Assert.IsType<ShardedWeights>(weights);
        Assert.Equal([0, 1, 2], a.data<long>().ToArray());
        Assert.Equal(4, b.sum().item<float>());
        Assert.Equal("pt", weights.Metadata["format"]);
        Assert.Equal(torch.ScalarType.Float32, weights.TypeOf("b"));
        Assert.Throws<UserInputException>(() => weights.Read("c"));
    }

    [Theory]
    [InlineData(
        """{"weight_map":{"a":"m-00001-of-00002.safetensors","b":"m-00001-of-00002.safetensors"}}""",
        "tensor 'b' is not in"
    )]
    [InlineData("""{"weight_map":{"a":"m-00002-of-00002.safetensors"}}""", "tensor 'a' is not in")]
    [InlineData("""{"weight_map":{}}""", "names no tensors")]
    [InlineData("""{"weight_map":{"a":"../m-00001-of-00002.safetensors"}}""", "not a file beside it")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "not a file beside it")]
    [InlineData("""{"weight_map":{"a":"model.safetensors.index.json"}}""", "")]
    [InlineData("""{"weight_map":{"a":7}}""", "not a file beside it")]
    [InlineData("""{"weight_map":[]}""", "no weight_map")]
    [InlineData("""{"weight_map":""", "not JSON")]
    [InlineData("""{"weight_map":{"a":"m-00001-of-00002.safetensors","a":"m-00001-of-00002.safetensors"}}""", "twice")]
    [InlineData("""{"weight_map":{"a":"missing.safetensors"}}""", "missing.safetensors")]
    public void An_index_that_does_not_agree_with_its_files_is_refused(string index, string why)
    {
        var refusal = Assert.ThrowsAny<UserInputException>(() => WeightsFile.Open(Index(index)));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private string Index(string json)
    {
        File.WriteAllText(_folder["model.safetensors.index.json"], json);
        return _folder["model.safetensors.index.json"];
    }
}
