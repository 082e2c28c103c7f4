using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

public sealed class WeightsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_contents_decide_the_format_not_the_extension()
    {
        File.Copy(Golden.PathOf("checkpoints/tricky_tensors.safetensors"), _folder["weights.ckpt"]);
        File.Copy(Golden.PathOf("checkpoints/tricky_tensors.ckpt"), _folder["weights.safetensors"]);
        using var first = WeightsFile.Open(_folder["weights.ckpt"]);
        using var second = WeightsFile.Open(_folder["weights.safetensors"]);
        Assert.IsType<SafetensorsFile>(first);
        Assert.IsType<TorchFile>(second);
        Assert.Equal(first.Shapes.Keys.Order(), second.Shapes.Keys.Order());
        Assert.All(first.Shapes, s => Assert.Equal(s.Value, second.Shapes[s.Key]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("version https://git-lfs.github.com/spec/v1")]
    public void Other_files_are_refused(string text)
    {
        File.WriteAllText(_folder["weights.pth"], text);
        var refusal = Assert.Throws<CheckpointFormatException>(() => WeightsFile.Open(_folder["weights.pth"]));
        Assert.Contains("neither a file of torch.save nor a safetensors file", refusal.Message);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_refused()
    {
        Assert.Throws<UserInputException>(() => WeightsFile.Open(_folder["none.pth"]));
        Assert.Throws<UserInputException>(() => WeightsFile.Open(_folder.Root));
    }

    [Fact]
    public void A_module_is_filled_strictly()
    {
        var pickle = new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("weight")
            .Tensor("0", 8, [2, 3], [1, 2])
            .Text("bias")
            .Tensor("0", 8, [2], [1], offset: 6)
            .Op('u')
            .Stop();
        File.WriteAllBytes(_folder["linear.pth"], TorchSamples.Zip(pickle, ("data/0", TorchSamples.Floats(8))));
        using var file = WeightsFile.Open(_folder["linear.pth"]);
        using var linear = nn.Linear(3, 2);
        ModuleState.Load(file, ModuleState.Of(linear), _ => true);
        Assert.Equal([0, 2, 4, 1, 3, 5], TensorAssert.Values(linear.weight!));
        Assert.Equal([6, 7], TensorAssert.Values(linear.bias!));

        using var wider = nn.Linear(4, 2, hasBias: false);
        var before = TensorAssert.Values(wider.weight!);
        var refusal = Assert.Throws<UserInputException>(() =>
            ModuleState.Load(file, ModuleState.Of(wider).Append(new("scale", wider.weight!)), _ => true)
        );
        Assert.Contains("1 tensors missing (scale)", refusal.Message);
        Assert.Contains("1 tensors of another shape (weight [2,3] instead of [2,4])", refusal.Message);
        Assert.Contains("1 tensors unexpected (bias)", refusal.Message);
        Assert.Equal(before, TensorAssert.Values(wider.weight!));
    }
}
