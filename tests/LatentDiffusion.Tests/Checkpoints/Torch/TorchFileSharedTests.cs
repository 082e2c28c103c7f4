using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

/// <summary>Whole checkpoints of PyTorch, which are too large for the repository.</summary>
public sealed class TorchFileSharedTests
{
    [Fact]
    public void A_Lightning_checkpoint_equals_its_safetensors()
    {
        using var file = TorchFile.Open(PathOf("tiny_ldm.ckpt"));
        using var expected = SafetensorsFile.Open(PathOf("tiny_ldm.safetensors"));

        Assert.Equal(565, file.Tensors.Count);
        AssertEqual(file, expected);
        Assert.Equal(4321L, file.Values["global_step"]);
        Assert.Equal("1.4.2", file.Values["pytorch-lightning_version"]);
        Assert.Equal(
            [
                "_codecs.encode",
                "numpy.core.multiarray.scalar",
                "numpy.dtype",
                "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
            ],
            file.Stubs
        );
    }

    [Fact]
    public void A_checkpoint_in_half_precision_can_be_read()
    {
        using var scope = NewDisposeScope();
        using var file = TorchFile.Open(PathOf("tiny_ldm_fp16_noema.ckpt"));
        using var full = SafetensorsFile.Open(PathOf("tiny_ldm.safetensors"));
        Assert.DoesNotContain(file.Tensors.Keys, n => n.StartsWith("model_ema.", StringComparison.Ordinal));
        Assert.All(
            file.Tensors.Values.Where(t => t.Dtype == ScalarType.Float16),
            t =>
                Assert.True(
                    SafetensorsSamples.Same(full.Read(t.Name).to(ScalarType.Float16), file.Read(t.Name)),
                    t.Name
                )
        );
    }

    [Fact]
    public void A_checkpoint_in_the_old_format_equals_the_same_tensors_in_safetensors()
    {
        using var file = TorchFile.Open(PathOf("legacy_pickle_stream.ckpt"));
        using var expected = SafetensorsFile.Open(PathOf("tiny_ldm.safetensors"));
        Assert.Equal(115, file.Tensors.Count);
        AssertEqual(file, expected);
    }

    private static void AssertEqual(TorchFile file, SafetensorsFile expected)
    {
        using var scope = NewDisposeScope();
        Assert.All(file.Tensors.Keys, n => Assert.True(SafetensorsSamples.Same(expected.Read(n), file.Read(n)), n));
    }

    private static string PathOf(string name) => SharedData.PathOf(Path.Combine("..", "golden", "checkpoints", name));
}
