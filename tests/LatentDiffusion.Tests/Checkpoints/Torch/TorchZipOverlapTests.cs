using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

public sealed class TorchZipOverlapTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Storages_that_share_bytes_are_refused()
    {
        var bytes = TorchSamples.Zip(
            new PickleWriter()
                .Op('}')
                .Op('(')
                .Text("a")
                .Tensor("0", 6, [6], [1])
                .Text("b")
                .Tensor("1", 6, [6], [1])
                .Op('u')
                .Stop(),
            ("data/0", TorchSamples.Floats(6)),
            ("data/1", TorchSamples.Floats(6))
        );
        TorchSamples.Open(_folder, bytes).Dispose();

        // The second entry of the table of contents is made to begin where the first one does.
        var first = Entry(bytes, "archive/data/0");
        var second = Entry(bytes, "archive/data/1");
        bytes.AsSpan(first + 42, 4).CopyTo(bytes.AsSpan(second + 42));

        File.WriteAllBytes(_folder["overlap.pth"], bytes);
        var refusal = Assert.Throws<CheckpointFormatException>(() => TorchFile.Open(_folder["overlap.pth"]).Dispose());
        Assert.Contains("shares bytes with another entry", refusal.Message, StringComparison.Ordinal);
    }

    private static int Entry(byte[] zip, string name)
    {
        var at = zip.AsSpan().LastIndexOf(TorchSamples.Ascii(name)) - 46;
        Assert.True(zip.AsSpan(at).StartsWith("PK\x01\x02"u8));
        return at;
    }
}
