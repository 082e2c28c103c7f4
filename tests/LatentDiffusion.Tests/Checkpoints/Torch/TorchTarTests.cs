using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

public sealed class TorchTarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_and_views_of_the_oldest_format_are_read()
    {
        using var file = TorchSamples.Open(_folder, TarSamples.Small());
        using var a = file.Read("a");
        using var b = file.Read("b");
        using var c = file.Read("c");

        Assert.Equal([2, 3], a.shape);
        Assert.Equal([0, 1, 2, 3, 4, 5], a.data<float>().ToArray());
        Assert.Equal([3, 2], b.shape);
        Assert.Equal([0, 3, 1, 4, 2, 5], b.data<float>().ToArray());
        Assert.Equal([3, 4, 5], c.data<float>().ToArray());
        Assert.Equal(4L, file.Values["epoch"]);
        Assert.Empty(file.Stubs);
    }

    [Fact]
    public void Storages_and_views_must_lie_within_the_archive()
    {
        Refused(TarSamples.Storages(claimed: long.MaxValue), TarSamples.Tensors(), "more than the file has");
        Refused(TarSamples.Storages(claimed: -1), TarSamples.Tensors(), "more than the file has");
        Refused(TarSamples.Storages(viewOffset: 4), TarSamples.Tensors(), "leads out of it");
        Refused(TarSamples.Storages(), TarSamples.Tensors(("7", 1, 0, [7], [1])), "element 6 of a storage of 6");
        Refused(TarSamples.Storages(), TarSamples.Tensors(("7", 5, 0, [1], [1])), "has no storage");
        Refused(TarSamples.Storages(), TarSamples.Tensors(("7", 1, -1, [1], [1])), "whole numbers from 0 on");
        Refused(TarSamples.Storages(), TarSamples.Tensors(("1", 1, 0, [1], [1])), "uses a number twice");
    }

    [Fact]
    public void An_archive_without_its_members_is_refused()
    {
        var path = _folder["empty.pth"];
        var tar = new byte[1024];
        TorchSamples.Ascii("ustar").CopyTo(tar, 257);
        File.WriteAllBytes(path, tar);
        Assert.Contains(
            "no member storages",
            Assert.Throws<CheckpointFormatException>(() => TorchFile.Open(path)).Message
        );
    }

    private void Refused(byte[] storages, byte[] tensors, string why)
    {
        var path = _folder["bad.pth"];
        File.WriteAllBytes(path, TarSamples.Of(storages, tensors, new PickleWriter().Op('}').Stop()));
        Assert.Contains(why, Assert.Throws<CheckpointFormatException>(() => TorchFile.Open(path).Dispose()).Message);
    }
}
