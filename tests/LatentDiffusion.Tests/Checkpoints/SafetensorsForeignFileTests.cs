using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class SafetensorsForeignFileTests
{
    [Fact]
    public void A_file_of_the_reference_writer_holds_the_expected_values()
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Golden.PathOf("checkpoints/tricky_tensors.safetensors"));
        using var expected = NpzFile.Open(Golden.PathOf("checkpoints/tricky_tensors.npz"));
        var names = expected.Names.Where(n => n.StartsWith("out/", StringComparison.Ordinal)).ToList();

        Assert.False(file.HasChecksum);
        Assert.Equal("contiguous copies", file.Metadata["note"]);
        Assert.Equal(names.Select(n => n["out/".Length..]), file.Tensors.Keys);
        foreach (var name in names)
        {
            var actual = file.Read(name["out/".Length..]);

            // NumPy has no bf16: the archive has those values as f32.
            var comparable = actual.dtype == ScalarType.BFloat16 ? actual.to(ScalarType.Float32) : actual;
            Assert.True(SafetensorsSamples.Same(expected.Read(name), comparable), name);
        }
    }
}
